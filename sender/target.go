package sender

import (
	"strings"
	"sync/atomic"
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
	encoding  string   // of its items
	queue     *queue.Queue
	lanes     []*lane
	spooler   *spooler // nil: memory only
	health    health
	recovery  recovery

	mismatches atomic.Uint64 // times that the ledger did not balance
}

// location is where a target is: at a node of a ring, or all of a group.
type location struct {
	node      string   // empty for a group
	addresses []string // one of a node, or all of the group
}

// id returns the id of a backend's target there.
func (l location) id(backend string) string { return targetID(backend, l.node, l.addresses[0]) }

func newTarget(p plan, section *g.Backend, at location, lanes int, s *shared) *target {
	t := &target{id: at.id(section.Name), section: section, node: at.node, addresses: at.addresses, encoding: p.Encoding}
	t.health.log = s.log.With("target", t.id)
	t.recovery.least = s.recovery
	limits := queue.Limits{
		Batch:  section.Batch,
		Bytes:  int64(section.QueueBytes),
		MaxAge: section.MaxAge,
		Settle: p.Settle,
	}
	t.queue = queue.New(limits, lanes, s.budget, s.pool)
	for i, blocks := range t.queue.Lanes() {
		t.lanes = append(t.lanes, newLane(t, p, blocks, i, lanes, s))
	}
	past := s.past[t.id]
	if s.storage.Spools != nil {
		t.spooler = newSpooler(t, s)
	}
	if past != nil {
		t.queue.Restore(past.Ledger)
	}
	return t
}

// status returns what is shown of the target.
func (t *target) status(now time.Time) stat.Target {
	account := t.queue.Account()
	s := stat.Target{
		ID: t.id, Backend: t.section.Name, Node: t.node, Address: strings.Join(t.addresses, ","),
		Ledger: account.Ledger, QueuedBytes: account.Bytes,
		Spooled: account.Spooled, SpoolPoints: account.OnDisk, Mismatches: t.mismatches.Load(),
	}
	if t.spooler != nil {
		s.SpoolBytes = t.spooler.bytes()
	}
	if !account.Oldest.IsZero() {
		s.OldestSeconds = max(0, now.Sub(account.Oldest).Seconds())
	}
	t.health.fill(&s)
	return s
}
