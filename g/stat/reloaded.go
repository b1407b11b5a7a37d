package stat

import (
	"errors"
	"time"
)

// Reloaded is what a reload has done.
type Reloaded struct {
	Changed  []string `json:"changed"`  // in words for an operator; empty: nothing that matters
	Warnings []string `json:"warnings"` // likewise: what of the file is not in force all the same
}

// Loaded is what is shown of the configuration in force.
type Loaded struct {
	Hash    uint32            // of the effective configuration: relays with the same one have the same hash
	At      time.Time         // it came into force
	Failed  string            // why the last reload was refused, in words for an operator; empty when it was not
	Reloads map[string]uint64 // since the start, by result: see the Reload constants
}

// The results of a reload.
const (
	ReloadApplied   = "applied"
	ReloadUnchanged = "unchanged" // there was nothing to change
	ReloadRefused   = "refused"   // nothing has changed, Failed says why
)

// ReloadResults returns all results of a reload.
func ReloadResults() []string { return []string{ReloadApplied, ReloadUnchanged, ReloadRefused} }

// ErrMaxMove says that a change would move more series than maxMove allows. It is
// carried out if it is forced.
var ErrMaxMove = errors.New("more series would move than maxMove allows")
