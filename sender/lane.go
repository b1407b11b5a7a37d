package sender

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"

	"transfer/sender/overflow"
	"transfer/sender/queue"
)

const (
	firstPause = 100 * time.Millisecond // after a failure; doubles, with jitter
	maxPause   = 5 * time.Second
	// confirmPause is how often a lane with unconfirmed Blocks and nothing to send
	// asks whether they have been taken.
	confirmPause = 10 * time.Millisecond
)

// lane sends the Blocks of one queue lane, in order, over one connection. Its
// fields belong to the goroutine in run.
type lane struct {
	target *target
	index  int // of the target's lanes
	blocks *queue.Lane
	turned chan struct{} // holds one signal: the target has another role
	ended  bool          // its goroutine has; guarded by target.mu

	role      *role
	window    int64 // bytes that may be unconfirmed; 0: one Block
	reading   reading
	inherited atomic.Pointer[overflow.Stream] // that another relay has left; nil: none
	expects   time.Time                       // until when the lane waits for such a stream to come back; zero: it does not
	shared    *shared
	pause     *backoff.ExponentialBackOff

	now   time.Time   // when run began or last ended a wait
	timer *time.Timer // of sleep

	home    int // index of the address where it began
	hop     int // index of the address in use
	tried   int // attempts that failed in a row, each at the next address
	failing bool

	poison   poison
	unburied atomic.Pointer[string] // why a dead letter waits for the disk; nil: none does
	behind   bool                   // a backlog drains

	link
	written  int       // Blocks in flight that were sent on conn
	parked   []link    // by address: where lanes come and go all the time
	answered time.Time // when the backend last took something
}

func newLane(t *target, blocks *queue.Lane, index int, s *shared) *lane {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval, pause.Multiplier = firstPause, maxPause, 2
	return &lane{target: t, blocks: blocks, index: index, turned: make(chan struct{}, 1), shared: s, pause: pause}
}

// run sends until drain is closed and the lane is empty or failing, until the target has
// another role, or until ctx ends, which ends a call under way too. What is not delivered
// stays in the queue.
func (l *lane) run(ctx context.Context, drain <-chan struct{}) {
	defer l.hangUp()
	defer l.reading.close()
	defer l.caughtUp()
	if l.blocks.IsBehind(l.now) {
		l.fallBehind()
	}
	for l.fill(ctx, drain) {
		l.rehop(ctx, drain)
		err := l.deliver(ctx)
		if err != nil && !l.recover(ctx, drain, err) {
			return
		}
	}
}

// fill waits until there is something to send or to confirm. It returns false
// when the lane is to end.
func (l *lane) fill(ctx context.Context, drain <-chan struct{}) bool {
	for ctx.Err() == nil {
		l.disinherit(l.written)
		if l.isTurned() && (l.failing || l.blocks.InFlight() == 0) {
			return false
		}
		draining := isClosed(drain)
		wait := l.take(draining)
		switch {
		case l.blocks.InFlight() > l.written:
			return true
		case l.blocks.InFlight() > 0:
			l.sleep(ctx, drain, l.blocks.Wake(), min(wait, confirmPause))
			return true
		case (draining || l.role.drains) && wait == queue.Forever:
			return false
		}
		l.sleep(ctx, drain, l.blocks.Wake(), wait)
	}
	return false
}

// take moves what is due into flight as far as the window allows, and returns how
// long nothing more can become due.
func (l *lane) take(draining bool) time.Duration {
	if draining && l.shared.halt.Load() {
		return queue.Forever
	}
	l.shared.linger.adjust(l.now)
	linger := l.shared.linger.duration()
	if draining {
		linger = 0
	}
	for l.mayTake() {
		if wait := l.paced(draining); wait > 0 {
			return wait
		}
		b, wait := l.blocks.Take(l.now, linger)
		switch {
		case b != nil:
			l.shared.linger.sent()
			if l.behind {
				l.target.recovery.sent(b.Len(), l.now)
			}
		case wait != queue.OnShelf:
			l.reading.close()
			if l.behind && !l.blocks.IsBehind(l.now) {
				l.caughtUp()
			}
			return wait
		default:
			if wait = l.load(); wait > 0 {
				return wait
			}
		}
	}
	return confirmPause
}

// mayTake reports whether another Block may go into flight. While the target
// fails, one is enough to try with: the others stay where the oldest can be
// dropped.
func (l *lane) mayTake() bool {
	if l.isTurned() {
		return false
	}
	if l.blocks.InFlight() == 0 {
		return true
	}
	return !l.failing && l.blocks.FlightBytes() < l.window
}

// deliver sends what is in flight and takes what the backend has confirmed.
func (l *lane) deliver(ctx context.Context) error {
	held := l.unheld(false) == 0
	if !held && l.written == 0 {
		l.blocks.Withdraw()
		return nil
	}
	if err := l.connect(ctx); err != nil {
		return err
	}
	l.target.health.active.Add(1)
	defer l.target.health.active.Add(-1)
	flight, bytes := &l.role.hops.all[l.hop].flight, l.blocks.FlightBytes()
	flight.Add(bytes)
	defer flight.Add(-bytes)
	if l.window == 0 && l.poison.isSuspect(l.blocks.Flight(0)) {
		return l.judge(nil)
	}
	for held && l.written < l.blocks.InFlight() {
		if err := l.conn.Send(l.blocks.Send(l.written)); err != nil {
			return err
		}
		l.written++
	}
	receipt, err := l.conn.Confirm()
	l.now = l.shared.now()
	l.confirmed(receipt)
	if l.refusesForGood(err) {
		return l.judge(err)
	}
	return err
}

// confirmed accounts for what the backend has taken.
func (l *lane) confirmed(r Receipt) {
	if r == (Receipt{}) {
		return
	}
	l.blocks.Delivered(r.Blocks, r.Rejected, l.now)
	if r.Rejected > 0 {
		l.target.health.log.Warn("backend complains of points that it took", "points", r.Rejected, "complaint", r.Complaint)
	}
	if r.Blocks == 0 {
		return
	}
	l.written -= r.Blocks
	l.answered = l.now
	spared := !l.role.hops.all[l.hop].sound.Load() // another address has not failed, and need not be
	l.role.hops.answered(l.hop, l.now)
	l.target.health.calls.Add(uint64(r.Blocks))
	if l.failing {
		l.target.health.recovered(l.now)
		if spared {
			l.fallBehind()
		}
	}
	l.failing, l.tried = false, 0
	l.poison.forgive()
	l.pause.Reset()
}

// recover notes a failure and waits until it is time for the next attempt, at the
// next address where there are several. It returns false when the lane is to end:
// a target that fails is not drained, but one that begins to fail while it is being
// drained gets a second chance.
func (l *lane) recover(ctx context.Context, drain <-chan struct{}, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	l.now = l.shared.now() // Send or the dial may have taken long
	if errors.Is(err, errUnburied) {
		return l.awaitBurial(ctx, drain, err)
	}
	l.target.health.failed(err, !l.failing, l.now)
	l.role.hops.failed(l.role.hops.all[l.hop], err, true, l.now)
	l.failing = true
	l.suspect(err)
	judging := l.poison.holds(l.conn == nil || isTimeout(err))
	if l.spoilt(err) {
		l.disconnect()
	}
	l.written = 0
	l.blocks.Return()
	l.reading.close() // a target that is away for long holds no file open
	if !judging {
		l.moveTo(l.role.hops.leave(l.hop, l.now))
	}
	if l.tried++; l.tried%len(l.role.addresses) != 0 {
		return true
	}
	draining := isClosed(drain)
	if draining && (l.tried > len(l.role.addresses) || l.shared.halt.Load()) {
		return false
	}
	l.sleep(ctx, drain, nil, l.pause.NextBackOff())
	return ctx.Err() == nil && (draining || !isClosed(drain))
}

// suspect notes whether the connection that err ended broke soon after its dial, for
// which the Block in flight may be the reason.
func (l *lane) suspect(err error) {
	var refusal *Refusal
	switch {
	case l.window > 0 || l.conn == nil || errors.As(err, &refusal):
	case l.now.Sub(l.dialled) > soonAfter || isTimeout(err): // one that hangs has not broken
		l.poison.losses = 0
	case l.blocks.InFlight() > 0:
		l.poison.lost(l.blocks.Flight(0))
	}
}

// spoilt reports whether the connection is of no more use after err: all but a
// refusal of the one Block on it leave open what else will come, and of several
// addresses the next one is tried.
func (l *lane) spoilt(err error) bool {
	var refusal *Refusal
	return !errors.As(err, &refusal) || l.window > 0 || len(l.role.addresses) > 1
}

// sleep waits for d, or until wake or a stop.
func (l *lane) sleep(ctx context.Context, drain, wake <-chan struct{}, d time.Duration) {
	if isClosed(drain) {
		drain = nil // it has been heard
	}
	l.timer.Reset(d)
	select {
	case <-l.timer.C:
	case <-wake:
	case <-l.turned:
	case <-drain:
	case <-ctx.Done():
	}
	l.timer.Stop()
	l.now = l.shared.now()
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
