package stat

import (
	"errors"
	"time"
)

// Topology is the shared topology as a relay has it.
type Topology struct {
	Enabled     bool       `json:"enabled"`               // the relay follows one
	Redis       bool       `json:"redis"`                 // it answered the last time
	Trouble     string     `json:"trouble,omitempty"`     // what is amiss, in words for an operator
	State       string     `json:"state"`                 // see the Following constants
	Version     uint64     `json:"version"`               // in force here, 0: none
	ID          string     `json:"id,omitempty"`          // of that version
	EffectiveAt *time.Time `json:"effectiveAt,omitempty"` // by the clock of Redis
	Pending     uint64     `json:"pending,omitempty"`     // the version that comes next
	PendingAt   *time.Time `json:"pendingAt,omitempty"`   // by the clock of Redis
	ClockOffset float64    `json:"clockOffset,omitempty"` // seconds that the clock of Redis is ahead of this relay's
	Document    any        `json:"document,omitempty"`    // what is in force
}

// How a relay stands to the shared topology. One that cannot take a version says
// FollowingRejected and why.
const (
	FollowingFollows  = "following"
	FollowingRejected = "rejected"
	FollowingNone     = "no topology"
)

// Peer is what a relay says of itself to the others, a few times each second.
type Peer struct {
	Relay       string            `json:"relay"` // its id
	Host        string            `json:"host"`
	PID         int               `json:"pid"`
	Started     time.Time         `json:"started"`
	Version     uint64            `json:"version"` // of the topology in force there, 0: none
	ID          string            `json:"id,omitempty"`
	Pending     uint64            `json:"pending,omitempty"` // the version that it has taken and waits to put in force
	Rings       map[string]string `json:"rings"`             // fingerprints by backend
	State       string            `json:"state"`             // following, no topology, or rejected: and why
	ClockOffset float64           `json:"clockOffset"`       // seconds that the clock of Redis is ahead of its own
	At          time.Time         `json:"at"`                // it was heard of last, by the clock of Redis
	Alive       bool              `json:"alive"`             // it was heard of a moment ago
}

// Peers are the relays of a site as one of them sees them.
type Peers struct {
	Enabled     bool     `json:"enabled"`
	Relay       string   `json:"relay,omitempty"` // the id of the one that answers
	Agree       bool     `json:"agree"`           // those alive have the same topology and rings
	Alive       int      `json:"alive"`
	Differences []string `json:"differences"` // in words for an operator
	Relays      []Peer   `json:"relays"`      // by id
}

// ErrTopology says that nodes are not changed here, since they come from the topology
// that several relays share.
var ErrTopology = errors.New("the nodes come from the topology that the relays share")
