package sender

import (
	"strings"
	"time"

	"transfer/g"
	"transfer/g/stat"
	"transfer/sender/queue"
)

// target is one address of one node, or the whole group of a backend without a
// ring: a queue, and the lanes that empty it.
type target struct {
	id        string
	section   *g.Backend
	node      string   // empty for a group
	addresses []string // a lane uses one at a time
	queue     *queue.Queue
	lanes     []*lane
	health    health
}

func newTarget(p plan, section *g.Backend, node string, addresses []string, s *shared) *target {
	t := &target{id: section.Name, section: section, node: node, addresses: addresses}
	if node != "" {
		t.id += "/" + node + "/" + addresses[0]
	}
	t.health.log = s.log.With("target", t.id)
	limits := queue.Limits{
		Batch:  section.Batch,
		Bytes:  int64(section.QueueBytes),
		MaxAge: section.MaxAge,
		Settle: p.Settle,
	}
	t.queue = queue.New(limits, laneCount(section, addresses), s.budget, s.pool)
	lanes := t.queue.Lanes()
	for i, blocks := range lanes {
		t.lanes = append(t.lanes, newLane(t, p, blocks, len(lanes), i%len(addresses), s))
	}
	return t
}

// laneCount is one lane an address unless the section says otherwise, and never
// more than the target may have connections.
func laneCount(section *g.Backend, addresses []string) int {
	n := section.Lanes
	if n == 0 {
		n = len(addresses)
	}
	return max(1, min(n, section.MaxConns))
}

// status returns what is shown of the target.
func (t *target) status(now time.Time) stat.Target {
	account := t.queue.Account()
	s := stat.Target{
		ID: t.id, Backend: t.section.Name, Node: t.node, Address: strings.Join(t.addresses, ","),
		Ledger: account.Ledger, QueuedBytes: account.Bytes,
	}
	if !account.Oldest.IsZero() {
		s.OldestSeconds = max(0, now.Sub(account.Oldest).Seconds())
	}
	t.health.fill(&s)
	return s
}
