package sender

import (
	"context"
	"reflect"
	"slices"
	"time"

	"transfer/g"
	"transfer/sender/queue"
)

// role is what the lanes of a target do with their Blocks, and how. A target gets another
// one while it is in use; each of its lanes takes it over when nothing is in flight.
type role struct {
	section   *g.Backend
	backend   Backend
	rules     Rules
	addresses []string // a lane uses one at a time
	hops      *hops    // what is known of the addresses, given by the target
	// onward is where a former target's points go; nil: to the addresses.
	onward *onward
	// drains says that the target is a former one that sends what it has: nothing new comes.
	drains bool
}

// newRole returns the role of a target that sends to the addresses.
func newRole(p plan, section *g.Backend, addresses []string) *role {
	return &role{section: section, backend: p.Backend, rules: p.Rules, addresses: addresses}
}

// again returns a role with the same manner that sends to the same addresses.
func (r *role) again() *role {
	return &role{section: r.section, backend: r.backend, rules: r.rules, addresses: r.addresses}
}

// limits returns the bounds of the target's queue.
func (r *role) limits() queue.Limits {
	return queue.Limits{
		Batch:  r.section.Batch,
		Bytes:  int64(r.section.QueueBytes),
		MaxAge: r.section.MaxAge,
		Settle: r.rules.Settle,
	}
}

// window is how many bytes each of so many lanes may have unconfirmed: what the
// backend allows, but no more than half of the queue in all.
func (r *role) window(lanes int) int64 {
	return min(int64(r.rules.Window), int64(r.section.QueueBytes)/int64(2*lanes))
}

// suits reports whether a target with this role need not get the other one.
func (r *role) suits(other *role) bool {
	return !r.isFormer() && slices.Equal(r.addresses, other.addresses) && reflect.DeepEqual(manner(r.section), manner(other.section))
}

// manner returns what the section says of each target, without what it says of all.
func manner(section *g.Backend) g.Backend {
	of := *section
	of.Nodes, of.Hash, of.Replicas, of.Lanes = nil, "", 0, 0
	of.OnRemove, of.Handoff, of.MaxMove, of.NotSyncMetrics = "", 0, 0, nil
	return of
}

// addressOf returns the address of that index, empty where there is none, nor a role yet.
func (r *role) addressOf(hop int) string {
	if r == nil {
		return ""
	}
	return r.addresses[hop]
}

// isFormer reports whether the target is not configured any more.
func (r *role) isFormer() bool { return r.onward != nil || r.drains }

// turn gives the target another role.
func (t *target) turn(r *role) {
	before := t.role.Load().hops
	r.hops = newHops(r.section, r.addresses, t.stirred, t.health.log, t.lanes[0].shared.now())
	r.hops.inherit(before)
	t.role.Store(r)
	stir(t.stirred)
	t.queue.SetLimits(r.limits())
	for _, l := range t.lanes {
		l.blocks.Nudge()
		select {
		case l.turned <- struct{}{}:
		default:
		}
	}
}

// serve runs the lane in one role after another until there is nothing left to do in the
// last one, or a stop ends it.
func (l *lane) serve(ctx context.Context, drain <-chan struct{}) {
	l.now, l.timer = l.shared.now(), time.NewTimer(queue.Forever)
	defer l.timer.Stop()
	for {
		l.adopt(l.target.role.Load())
		if l.role.onward != nil {
			l.move(ctx, drain)
		} else {
			l.run(ctx, drain)
		}
		if ctx.Err() != nil || isClosed(drain) || l.ends() {
			return
		}
	}
}

// ends reports whether the lane has done all that its role asks for, and notes it: the
// goroutine ends then.
func (l *lane) ends() bool {
	l.target.mu.Lock()
	defer l.target.mu.Unlock()
	if l.isTurned() || l.blocks.HasBacklog() {
		return false // of what was adopted while it ended, something waits
	}
	l.ended = true
	return true
}

// isTurned reports whether the target has another role by now.
func (l *lane) isTurned() bool { return l.target.role.Load() != l.role }

// adopt takes the role over. Nothing is in flight on a connection any more.
func (l *lane) adopt(r *role) {
	if l.role != nil && l.failing {
		l.target.health.recovered(l.now)
	}
	if l.role != r { // or else it is taken over again after a panic
		l.home, l.hop = r.hops.begin(l.index, l.role.addressOf(l.hop))
	}
	l.role, l.failing, l.tried, l.written = r, false, 0, 0
	l.window = r.window(len(l.target.lanes))
	l.poison = poison{}
	l.pause.Reset()
	if l.blocks.InFlight() > 0 {
		l.blocks.Return()
	}
	l.blocks.Moves(r.onward != nil)
	if r.onward == nil {
		l.blocks.Keep()
	}
}
