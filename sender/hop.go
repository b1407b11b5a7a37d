package sender

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"

	"transfer/g/stat"
)

// hop is one address of a target: what calls and probes tell of it. Its state never
// changes where the ring places a series, only which address of a group is used.
//
// Failed calls and failed probes are counted apart. A server that answers probes may
// still hang in every call, so only a good call, or steady good probes, make up for
// failed calls; of an address that comes back by a probe the next failed call is the
// last one.
type hop struct {
	address string
	eject   int           // failures in a row after which it is down, at least 1
	alone   bool          // the only address of its target: lanes go on trying it
	every   time.Duration // between probes of an address that is silent; 0: none
	began   time.Time     // where heard counts from

	heard    atomic.Int64    // when a call or probe last went well, nanoseconds after began
	sound    atomic.Bool     // nothing has failed since
	failures atomic.Uint64   // in all
	flight   atomic.Int64    // bytes of the calls under way
	asking   atomic.Bool     // a probe is under way
	stirred  chan<- struct{} // of the target: a probe may be due sooner

	mu     sync.Mutex
	state  string // see the states of a stat.Address
	since  time.Time
	last   string        // error
	calls  int           // that failed in a row
	probes int           // likewise
	good   time.Time     // since when nothing has failed; zero: the last attempt failed, or there was none
	due    time.Time     // no probe before
	quiet  time.Duration // it is probed when it has been silent for so long
	pause  *backoff.ExponentialBackOff
}

// steadyFor is how long an address must have been good to be as trusted as one that
// never failed.
const steadyFor = time.Minute

func newHop(address string, eject int, alone bool, every time.Duration, stirred chan<- struct{}, now time.Time) *hop {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval, pause.Multiplier = probePauses(every)
	return &hop{
		address: address, eject: max(1, eject), alone: alone, every: every, began: now,
		stirred: stirred, quiet: jittered(every), state: stat.AddressProbing, since: now, pause: pause,
	}
}

// answered notes that a call went well. It reports whether the address was down.
func (h *hop) answered(now time.Time) (back bool) {
	h.hear(now)
	if h.sound.Load() {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.trust()
	return h.better(now)
}

// probed notes that a probe went well. It reports whether the address was down.
func (h *hop) probed(now time.Time) (back bool) {
	h.hear(now)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.probes, h.quiet = 0, jittered(h.every)
	switch {
	case !h.good.IsZero() && now.Sub(h.good) >= steadyFor:
		h.trust()
	case h.state == stat.AddressDown:
		h.calls = min(h.calls, h.eject-1)
	}
	return h.better(now)
}

func (h *hop) hear(now time.Time) { h.heard.Store(int64(now.Sub(h.began))) }

// trust forgets what has failed. The lock is held.
func (h *hop) trust() {
	h.calls, h.probes = 0, 0
	h.pause.Reset()
}

// better draws the conclusion from an attempt that went well. The lock is held.
func (h *hop) better(now time.Time) (back bool) {
	back = h.state == stat.AddressDown
	if h.good.IsZero() {
		h.good = now
	}
	if h.calls > 0 {
		h.turn(stat.AddressProbing, now)
		return back
	}
	h.turn(stat.AddressUp, now)
	h.last = ""
	h.sound.Store(true)
	return back
}

// failed notes a failed call, or a failed probe. It reports whether the address has
// just gone down.
func (h *hop) failed(err error, call bool, now time.Time) (gone bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sound.Store(false)
	h.failures.Add(1)
	h.last, h.good = err.Error(), time.Time{}
	if call {
		h.calls++
	} else {
		h.probes++
	}
	h.postpone(call, now)
	if h.state == stat.AddressDown {
		return false
	}
	if h.calls+h.probes < h.eject {
		h.turn(stat.AddressProbing, now)
		return false
	}
	h.turn(stat.AddressDown, now)
	return true
}

// postpone sets when the next probe is due after a failure. Failures that come together,
// of several lanes, are one. The lock is held.
func (h *hop) postpone(call bool, now time.Time) {
	if now.Before(h.due) {
		return
	}
	pause := h.pause.NextBackOff()
	if call && h.alone { // the lanes' next attempt tells as much as a probe
		pause = max(pause, h.every)
	}
	h.due = now.Add(pause)
	stir(h.stirred)
}

// wait puts the next probe off.
func (h *hop) wait(pause time.Duration, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.due = now.Add(pause)
}

// stir leaves a signal, unless there is one.
func stir(stirred chan<- struct{}) {
	select {
	case stirred <- struct{}{}:
	default:
	}
}

// inherit takes over what another hop knows of the same address.
func (h *hop) inherit(from *hop) {
	from.mu.Lock()
	defer from.mu.Unlock()
	h.began = from.began
	h.heard.Store(from.heard.Load())
	h.sound.Store(from.sound.Load())
	h.state, h.since, h.last = from.state, from.since, from.last
	h.calls, h.probes, h.good, h.due = from.calls, from.probes, from.good, from.due
}

// turn changes the state. The lock is held.
func (h *hop) turn(state string, now time.Time) {
	if h.state != state {
		h.state, h.since = state, now
	}
}

// isGood reports whether every call and probe has gone well for d, with one at least as
// long ago.
func (h *hop) isGood(d time.Duration, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.good.IsZero() && now.Sub(h.good) >= d
}

// isDown reports whether so much has failed in a row that the address is not used.
func (h *hop) isDown() bool {
	if h.sound.Load() {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state == stat.AddressDown
}

// The standings of an address when a lane seeks one: the lower, the better.
const (
	unblemished = iota // nothing has failed last
	doubtful           // something has
	ejected            // it is down
)

// standing returns how good the address is. Without probes one that is down is tried
// again after its pause.
func (h *hop) standing(now time.Time) int {
	if h.sound.Load() {
		return unblemished
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.state == stat.AddressDown && (h.every > 0 || now.Before(h.due)):
		return ejected
	case h.calls+h.probes > 0:
		return doubtful
	}
	return unblemished
}

// mayHaveBack reports whether lanes that left the address may come back to it: it has
// been good for d. Without probes nobody knows, and its pause must be over for d.
func (h *hop) mayHaveBack(d time.Duration, now time.Time) bool {
	if h.every > 0 {
		return h.isGood(d, now)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return now.Sub(h.due) >= d
}

// status returns what is shown of the address.
func (h *hop) status() stat.Address {
	h.mu.Lock()
	defer h.mu.Unlock()
	return stat.Address{
		Address: h.address, State: h.state, Since: h.since, Error: h.last,
		Failures: h.calls + h.probes, FlightBytes: h.flight.Load(),
	}
}
