package sender

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"transfer/g"
	"transfer/g/stat"
	"transfer/sender/queue"
)

// target is one address of one node, or the whole group of a backend without a
// ring: a queue, and the lanes that empty it.
type target struct {
	id       string
	node     string // empty for a group
	relay    string // that has left it; empty: it is none that was adopted
	encoding string // of its items
	role     atomic.Pointer[role]
	queue    *queue.Queue
	lanes    []*lane
	spooler  *spooler // nil: memory only
	health   health
	recovery recovery

	relief    atomic.Pointer[relief] // nil: nobody stands in for it
	standsFor *target                // for whom it does; nil: it is none such

	mu   sync.Mutex // over whether its lanes have ended
	gone bool       // nothing is left of it, and nothing will come

	retired chan struct{} // closed: it is let go of
	stirred chan struct{} // holds one signal: a probe may be due sooner

	mismatches atomic.Uint64 // times that the ledger did not balance
	restarts   atomic.Uint64 // of its goroutines, after a panic
}

// location is where a target is: at a node of a ring, or all of a group.
type location struct {
	node      string   // empty for a group
	addresses []string // one of a node, or all of the group
	relay     string   // that has left it; empty: this one has it
}

// id returns the id of a backend's target there.
func (l location) id(backend string) string {
	return adoptedID(targetID(backend, l.node, l.addresses[0]), l.relay)
}

func newTarget(p plan, section *g.Backend, at location, lanes int, s *shared) *target {
	t := &target{id: at.id(section.Name), node: at.node, relay: at.relay, encoding: p.Encoding, retired: make(chan struct{}), stirred: make(chan struct{}, 1)}
	t.health.log = s.log.With("target", t.id)
	t.recovery.least = s.recovery
	r := newRole(p, section, at.addresses)
	r.hops = newHops(section, at.addresses, t.stirred, t.health.log, s.now())
	t.role.Store(r)
	t.queue = queue.New(r.limits(), lanes, s.budget, s.pool)
	for i, blocks := range t.queue.Lanes() {
		t.lanes = append(t.lanes, newLane(t, blocks, i, s))
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
	r := t.role.Load()
	s := stat.Target{
		ID: t.id, Backend: r.section.Name, Node: t.node, LeftBy: t.relay, Address: strings.Join(r.addresses, ","),
		Ledger: account.Ledger, QueuedBytes: account.Bytes,
		Spooled: account.Spooled, SpoolPoints: account.OnDisk, Mismatches: t.mismatches.Load(),
	}
	s.RedisPoints = account.InRedis
	if t.spooler != nil {
		s.SpoolBytes, s.RedisBytes = t.spooler.bytes(), t.redisBytes()
	}
	if !account.Oldest.IsZero() {
		s.OldestSeconds = max(0, now.Sub(account.Oldest).Seconds())
	}
	t.health.fill(&s)
	if r.onward == nil {
		r.hops.fill(&s)
	}
	if t.standsFor != nil {
		s.StandsInFor = t.standsFor.node
	}
	if r.isFormer() {
		s.State = stat.StateLeaving
	}
	return s
}

// address returns the address of a target at a node.
func (t *target) address() string { return t.role.Load().addresses[0] }

// laneOf returns the lane of a series.
func (t *target) laneOf(hash uint32) *lane { return t.lanes[queue.LaneOf(hash, len(t.lanes))] }

// isGone reports whether nothing is left of a former target.
func (t *target) isGone() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.gone
}
