package sender

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"transfer/g/guard"
	"transfer/sender/queue"
)

// probePauses returns how long after a failure an address is probed again: at first,
// at most, and by how much the pause grows. Jitter of a half is added. every is how
// often one is probed that is silent.
func probePauses(every time.Duration) (first, most time.Duration, growth float64) {
	if every == 0 { // pauses are all that brings an address back
		every = usualProbes
	}
	return every / 5, 6 * every, 2
}

const (
	usualProbes = 5 * time.Second
	// gatePause is how long a probe waits when a lane dials the same address.
	gatePause = 100 * time.Millisecond
)

// pinger is a Conn whose server answers a call that changes nothing.
type pinger interface {
	// Ping asks whether the server answers, within callTimeout, on a Conn on which
	// nothing else is sent. A server that does not know the call is alive.
	Ping() error
}

// watch probes the target's addresses whenever they are due, until ctx ends or the target
// is let go of. Lanes that send prove their addresses; the others are asked. A former
// target that moves what it has asks nobody.
func (t *target) watch(ctx context.Context) {
	for ctx.Err() == nil && !isClosed(t.retired) {
		t.watchRole(ctx, t.role.Load())
	}
}

// watchRole is watch for as long as the target has the role. No probe outlasts it.
func (t *target) watchRole(ctx context.Context, r *role) {
	var probes sync.WaitGroup
	defer probes.Wait()
	inRole, leave := context.WithCancel(ctx)
	defer leave()
	timer := time.NewTimer(queue.Forever)
	defer timer.Stop()
	for t.role.Load() == r && ctx.Err() == nil && !isClosed(t.retired) {
		timer.Reset(t.startProbes(inRole, r, &probes, t.lanes[0].shared.now()))
		select {
		case <-timer.C:
		case <-t.stirred:
		case <-t.retired:
		case <-ctx.Done():
		}
	}
}

// startProbes starts the probes that are due, each of which ends with ctx, and returns
// how long no other one is.
func (t *target) startProbes(ctx context.Context, r *role, probes *sync.WaitGroup, now time.Time) time.Duration {
	wait := time.Duration(queue.Forever)
	if r.section.ProbeInterval == 0 || r.onward != nil {
		return wait
	}
	for _, h := range r.hops.all {
		switch due := h.untilProbe(now); {
		case h.asking.Load(): // its end stirs
		case due > 0:
			wait = min(wait, due)
		default:
			h.asking.Store(true)
			probes.Go(func() {
				guard.Run(t.health.log, t.id, &t.restarts, ctx.Done(), func() { t.probe(ctx, r, h) })
				h.asking.Store(false)
				stir(t.stirred)
			})
		}
	}
	return wait
}

// jittered returns d, a quarter more or less.
func jittered(d time.Duration) time.Duration {
	return d*3/4 + rand.N(max(1, d/2))
}

// untilProbe returns how long no probe is due: of an address that fails until its pause
// is over, of another until it has been silent for a while.
func (h *hop) untilProbe(now time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.good.IsZero() && h.calls+h.probes > 0 {
		return h.due.Sub(now)
	}
	return max(h.quiet-(now.Sub(h.began)-time.Duration(h.heard.Load())), h.due.Sub(now))
}

// probe asks an address once, over a connection of its own that is closed at once.
func (t *target) probe(ctx context.Context, r *role, h *hop) {
	shared := t.lanes[0].shared
	leave, free := shared.gates.tryPass(h.address)
	if !free { // that dial tells as much
		h.wait(gatePause, shared.now())
		return
	}
	err := askAddress(ctx, r.backend, h.address, leave)
	switch now := shared.now(); {
	case ctx.Err() != nil:
	case err != nil:
		r.hops.failed(h, err, false, now)
	default:
		r.hops.probed(h, now)
	}
}

// askAddress dials the address, calls dialled once it has, and asks the server if it can.
func askAddress(ctx context.Context, b Backend, address string, dialled func()) error {
	conn, err := b.Dial(ctx, address)
	dialled()
	if err != nil {
		return err
	}
	unwatch := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer unwatch()
	if p, ok := conn.(pinger); ok {
		err = p.Ping()
	}
	_ = conn.Close() // whatever it says, nothing more is sent on it
	return err
}
