package sender

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"transfer/g/stat"
)

// A target that is not configured any more is a former one for as long as something is
// left of it: it moves what it holds to the targets of now (layer), or drains to its
// address. Then its goroutines end, its spools are closed, and only its account stays.

// mostGone is of how many former targets that are gone the account is shown.
const mostGone = 100

// leaving returns the former targets of which something is left.
func (s *Sender) leaving() []*target {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.formers
}

// leave makes the target of c a former one: of the layer, or if that is nil one that
// drains to its address.
func (s *Sender) leave(t *target, c *Cluster, y *layer) {
	r := t.role.Load().again()
	if y != nil {
		r.onward = y.onward(t, s.now(c.name), s.shared.now)
	}
	r.drains = r.onward == nil
	t.turn(r)
}

// end notes that a lane of the target has ended. After the last one of a former target
// nothing is left of that.
func (s *Sender) end(t *target) {
	t.mu.Lock()
	over := t.role.Load().isFormer() && !slices.ContainsFunc(t.lanes, func(l *lane) bool { return !l.ended })
	t.gone = t.gone || over
	t.mu.Unlock()
	if !over {
		return
	}
	s.renewDetours()
	if t.spooler == nil {
		s.retire()
	}
}

// AwaitGone returns when no former target of the backend's node is left, or ctx ends. What
// is gone has no goroutine and nothing open any more.
func (s *Sender) AwaitGone(ctx context.Context, backend, node string) {
	ticker := time.NewTicker(leavingPause)
	defer ticker.Stop()
	here := func(t *target) bool { return t.node == node && t.relay == "" && t.role.Load().section.Name == backend }
	for slices.ContainsFunc(s.leaving(), here) {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// leavingPause is how often it is looked whether a former target is gone.
const leavingPause = 10 * time.Millisecond

// retire lets go of the former targets of which nothing is left. Where they have spools it
// is called once it is stored that these are read.
func (s *Sender) retire() {
	if !s.changing.TryLock() {
		return // a change may take one of them back; what comes next retires them
	}
	defer s.changing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.formers = slices.DeleteFunc(slices.Clone(s.formers), func(t *target) bool {
		if !t.isGone() || !s.letGo(t) {
			return false
		}
		row := t.status(s.shared.now())
		if !s.has(t.id) { // or else it is configured anew, and goes on with this account
			s.forget(t.id) // an account that this one has gone on with
			row.State = stat.StateGone
			s.gone = append(s.gone, row)
			s.gone = s.gone[max(0, len(s.gone)-mostGone):]
			s.past = append(s.past, *s.shared.past[t.id])
		}
		t.queue.Close()
		t.health.log.Info("nothing is left of a target that is not configured any more", "moved", row.MovedOut, "delivered", row.Delivered)
		return true
	})
}

// letGo closes what a former target has open of which nothing is left, and reports whether
// that is done: its spools must have been read, and that been stored.
func (s *Sender) letGo(t *target) bool {
	if t.relief.Load() != nil || t.spooler != nil && !t.spooler.isRead() {
		return false
	}
	if !isClosed(t.retired) {
		close(t.retired)
		state := t.state(math.MaxUint64)
		state.Moving = false
		s.shared.past[t.id] = &state
	}
	return t.spooler == nil || isClosed(t.spooler.closed)
}

// has reports whether a target with the id is configured. s.mu is held.
func (s *Sender) has(id string) bool {
	for _, c := range s.clusters {
		for _, t := range c.targets {
			if t.id == id {
				return true
			}
		}
	}
	return false
}

// takeBack makes a former target send to its address again.
func (s *Sender) takeBack(t *target, r *role) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gone = false
	t.turn(r)
	for _, l := range t.lanes {
		l.blocks.Keep() // at once: what passes on from here may be on its way here
	}
	for _, l := range t.lanes {
		if l.ended {
			l.ended = false
			s.runLane(l)
		}
	}
}

// parseID returns the backend and the place in a target's id.
func parseID(id string) (backend string, at location) {
	own, relay := partID(id)
	backend, rest, ringed := strings.Cut(own, "/")
	if !ringed {
		return backend, location{relay: relay}
	}
	last := strings.LastIndexByte(rest, '/')
	if last < 0 {
		return backend, location{relay: relay}
	}
	return backend, location{node: rest[:last], addresses: []string{rest[last+1:]}, relay: relay}
}
