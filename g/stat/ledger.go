package stat

import "time"

// Ledger is the account of one target's points, read in one piece under the
// target's lock: at any time
//
//	accepted + movedIn = delivered + queued + dropped + movedOut
//
// exact to the point (promise P1).
type Ledger struct {
	Accepted  uint64            `json:"accepted"`  // meant for this target and acknowledged
	MovedIn   uint64            `json:"movedIn"`   // taken over from another target
	Delivered uint64            `json:"delivered"` // taken by the backend
	Queued    uint64            `json:"queued"`    // waiting or in flight
	Dropped   map[string]uint64 `json:"dropped"`   // given up, by reason
	MovedOut  uint64            `json:"movedOut"`  // handed to another target
	Resent    uint64            `json:"resent"`    // sent again; outside the balance
	Failed    uint64            `json:"failed"`    // points in failed calls, each attempt; outside the balance
	Rejected  uint64            `json:"rejected"`  // delivered, then complained of by the backend; outside the balance
	Replayed  uint64            `json:"replayed"`  // of the accepted, those that the journal brought back; outside the balance
}

// DroppedTotal returns the points given up, all reasons together.
func (l *Ledger) DroppedTotal() uint64 {
	var n uint64
	for _, d := range l.Dropped {
		n += d
	}
	return n
}

// Balanced reports whether every point is accounted for.
func (l *Ledger) Balanced() bool {
	return l.Accepted+l.MovedIn == l.Delivered+l.Queued+l.DroppedTotal()+l.MovedOut
}

// Target is what is shown of one target: its place, its state and its account.
type Target struct {
	ID      string `json:"id"`      // backend/node/address, or backend for a group
	Backend string `json:"backend"` // the section's name
	Node    string `json:"node,omitempty"`
	// StandsInFor is the node whose new points it takes while that is away; empty for
	// targets that are configured.
	StandsInFor string `json:"standsInFor,omitempty"`
	// LeftBy is the relay that has left it in Redis, where this one adopted it; empty for
	// the relay's own.
	LeftBy string `json:"leftBy,omitempty"`

	Address string `json:"address"` // comma-separated for a group
	State   string `json:"state"`   // see the State constants
	Error   string `json:"lastError,omitempty"`
	Ledger
	Spooled       bool    `json:"spooled"`       // what comes now waits behind older points in Redis or on disk
	RedisPoints   uint64  `json:"redisPoints"`   // of the queued, those that lie in Redis, for all that is known
	RedisBytes    int64   `json:"redisBytes"`    // of its memory, about
	SpoolPoints   uint64  `json:"spoolPoints"`   // of the queued, those that lie on disk
	SpoolBytes    int64   `json:"spoolBytes"`    // of disk, with points that are delivered and not yet given free
	DeadLetters   uint64  `json:"deadLetters"`   // points refused for good that are kept
	Mismatches    uint64  `json:"mismatches"`    // times that the ledger was looked at and did not balance
	QueuedBytes   int64   `json:"queuedBytes"`   // of memory
	OldestSeconds float64 `json:"oldestSeconds"` // age of the oldest queued point
	Calls         uint64  `json:"calls"`         // calls answered
	Dials         uint64  `json:"dials"`         // connections made
	Open          int     `json:"open"`          // connections open now
	Active        int     `json:"active"`        // of these, in a call

	Addresses []Address `json:"addresses"`
}

// The states of a target.
const (
	StateIdle = "idle" // no connection yet: nothing was sent
	StateUp   = "up"   // connected, or the last call went well
	StateDown = "down" // the last attempt failed; waiting to try again
	// StateLeaving is that of a target which is not configured any more: what it holds
	// moves to the targets of now, or drains to its address.
	StateLeaving = "leaving"
	StateGone    = "gone" // of such a target nothing is left but its account
)

// Ring is what is shown of one backend's ring.
type Ring struct {
	Backend     string    `json:"backend"`
	Hash        string    `json:"hash"`     // crc32 or murmur3
	Replicas    int       `json:"replicas"` // virtual points a node
	Fingerprint string    `json:"fingerprint"`
	Lanes       int       `json:"lanes"` // of each address
	Shares      []Share   `json:"shares"`
	Handoffs    []Handoff `json:"handoffs,omitempty"`
}

// Handoff is what is shown of a hand-over: points of the series that a change of the ring
// has moved go to their node of before, too.
type Handoff struct {
	From  string    `json:"from"`  // fingerprint of the ring before
	Share float64   `json:"share"` // of all hashes, that were moved, 0 to 1
	Until time.Time `json:"until"`
}

// Share is the part of all hashes that one node owns, 0 to 1.
type Share struct {
	Node      string   `json:"node"`
	Addresses []string `json:"addresses"`
	Share     float64  `json:"share"`
}
