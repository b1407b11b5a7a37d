package stat

import (
	"errors"
	"time"
)

// Backlog is what waits in one lane of a target, or, of dead letters, what there is of
// a target.
type Backlog struct {
	Target   string     `json:"target"` // its id
	Lane     *int       `json:"lane,omitempty"`
	State    string     `json:"state,omitempty"`  // of a relay that runs: see the Backlog constants
	Points   uint64     `json:"points"`           // on disk, by the numbers: damaged ones count too
	Redis    uint64     `json:"redis,omitempty"`  // points in Redis, which are older than those on disk
	Memory   uint64     `json:"memory,omitempty"` // points in memory only
	Bytes    int64      `json:"bytes"`            // of disk
	Oldest   *time.Time `json:"oldest,omitempty"` // nil: not known
	Newest   *time.Time `json:"newest,omitempty"` // likewise
	Encoding string     `json:"encoding,omitempty"`
}

// The states of a Backlog.
const (
	BacklogLive    = "live"    // in memory; what comes now goes there too
	BacklogSpooled = "spooled" // in Redis or on disk; what comes now waits behind it
	BacklogMoving  = "moving"  // of a target that is not configured any more: it goes to those of now
	BacklogFormer  = "former"  // of a target that is not configured any more: it is not sent
)

// BacklogPoint is one point that waits, or that was refused.
type BacklogPoint struct {
	Target   string    `json:"target"` // its id
	Lane     *int      `json:"lane,omitempty"`
	Number   uint64    `json:"number"` // in the spool, or among the target's letters
	When     time.Time `json:"when"`   // it was accepted, or refused
	Hash     uint32    `json:"hash"`   // of its key
	Encoding string    `json:"encoding"`
	Address  string    `json:"address,omitempty"` // that refused it
	Reason   string    `json:"reason,omitempty"`
	Text     string    `json:"text"`          // of the item as it is sent, what cannot be printed as dots
	Hex      string    `json:"hex,omitempty"` // the item, where the text does not say all
}

// ErrNoBacklog says that nothing is known of a target.
var ErrNoBacklog = errors.New("there is nothing of it")

// ErrOtherEncoding says that points were kept in a form that their target does not get
// any more, since its settings have changed.
var ErrOtherEncoding = errors.New("they are written in another form")
