package stat

import (
	"errors"
	"fmt"
)

// ErrNoRing says that a backend is not enabled, or has no ring.
var ErrNoRing = errors.New("no such ring: name an enabled backend that has one, such as graph")

// RingPlan is a ring as it would be, to be compared with the one in use.
type RingPlan struct {
	Backend  string   `json:"backend"`
	Hash     string   `json:"hash"`     // crc32 or murmur3
	Replicas int      `json:"replicas"` // virtual points a node
	Nodes    []string `json:"nodes"`    // names, in any order
}

// Check returns why no ring should be built as planned: nodes or replicas are missing,
// or there would be more virtual points than so many, each of which takes 8 bytes.
func (p *RingPlan) Check(points int) error {
	switch {
	case len(p.Nodes) == 0:
		return errors.New("cannot build a ring without nodes: name at least one")
	case p.Replicas < 1:
		return fmt.Errorf("cannot build a ring with %d replicas: give at least 1", p.Replicas)
	case p.Replicas > points/len(p.Nodes):
		return fmt.Errorf("cannot build a ring of %d nodes with %d replicas: over %d virtual points it is too large to be looked at here",
			len(p.Nodes), p.Replicas, points)
	}
	return nil
}

// RingDiff is what a change of a backend's ring moves, counted over series.
type RingDiff struct {
	Backend   string     `json:"backend"`
	From      string     `json:"from"`   // fingerprint of the ring before
	To        string     `json:"to"`     // and after
	Share     float64    `json:"share"`  // of all hashes whose node changes, 0 to 1: what maxMove bounds
	Series    uint64     `json:"series"` // that were counted
	Moved     uint64     `json:"moved"`  // of them to another node
	Nodes     []NodeDiff `json:"nodes"`  // of both rings, by name
	Flows     []Flow     `json:"flows"`  // the largest first
	MoreFlows int        `json:"moreFlows,omitempty"`
}

// NodeDiff is what a change of the ring does to one node. Shares are of all hashes, 0 to
// 1; the other numbers are series.
type NodeDiff struct {
	Node        string  `json:"node"`
	ShareBefore float64 `json:"shareBefore"`
	ShareAfter  float64 `json:"shareAfter"`
	Before      uint64  `json:"before"`
	After       uint64  `json:"after"`
	Gains       uint64  `json:"gains"`
	Loses       uint64  `json:"loses"`
}

// Flow is how many series go from one node to another.
type Flow struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Series uint64 `json:"series"`
}
