package sender

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
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

// startProbes begins to probe each address of the target, if it sends to them, until ctx
// ends or it has another role. Lanes that send prove their addresses; the others are
// asked.
func (t *target) startProbes(ctx context.Context, goroutines *sync.WaitGroup) {
	r := t.role.Load()
	if r.section.ProbeInterval == 0 || r.isFormer() {
		return
	}
	ctx, r.endProbes = context.WithCancel(ctx)
	for _, h := range r.hops.all {
		goroutines.Go(func() { t.watch(ctx, r, h) })
	}
}

// watch probes one address whenever it is due.
func (t *target) watch(ctx context.Context, r *role, h *hop) {
	shared := t.lanes[0].shared
	timer := time.NewTimer(0)
	defer timer.Stop()
	quiet := jittered(h.every)
	for ctx.Err() == nil {
		wait := h.untilProbe(quiet, shared.now())
		if wait <= 0 {
			wait = t.probe(ctx, r, h)
			quiet = jittered(h.every)
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-h.wake:
		case <-ctx.Done():
		}
	}
}

// jittered returns d, a quarter more or less.
func jittered(d time.Duration) time.Duration {
	return d*3/4 + rand.N(max(1, d/2))
}

// untilProbe returns how long no probe is due: of an address that fails until its pause
// is over, of another until it has been silent for quiet.
func (h *hop) untilProbe(quiet time.Duration, now time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.good.IsZero() && h.calls+h.probes > 0 {
		return h.due.Sub(now)
	}
	return quiet - (now.Sub(h.began) - time.Duration(h.heard.Load()))
}

// probe asks the address once, over a connection of its own that is closed at once, and
// returns how long to wait before it is looked at again.
func (t *target) probe(ctx context.Context, r *role, h *hop) time.Duration {
	shared := t.lanes[0].shared
	leave, free := shared.gates.tryPass(h.address)
	if !free {
		return gatePause // that dial tells as much
	}
	err := askAddress(ctx, r.backend, h.address, leave)
	switch now := shared.now(); {
	case ctx.Err() != nil:
	case err != nil:
		r.hops.failed(h, err, false, now)
	default:
		r.hops.probed(h, now)
	}
	return 0
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
