package sender

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A call costs about 20 us whatever is in it, so a lane waits a little for more
// points, and a busy one for as long before it calls again. How long is set from what
// the waiting costs: all calls are to stay within lingerCalls a second and core.
const (
	minLinger      = time.Millisecond
	maxLinger      = 50 * time.Millisecond
	lingerDecline  = 0.65 // what is left of the wait after an interval, at least
	lingerCalls    = 2500 // 2500 x 20 us: 5 % of a core
	lingerInterval = 100 * time.Millisecond
)

// linger is the wait that all lanes share, adjusted by the lanes as they send.
type linger struct {
	budget float64   // calls a second
	began  time.Time // where due counts from
	wait   atomic.Int64
	calls  atomic.Int64 // since adjusted
	due    atomic.Int64 // when wait is to be adjusted, nanoseconds after began

	mu       sync.Mutex
	adjusted time.Time
}

func newLinger(now time.Time) *linger {
	l := &linger{budget: float64(lingerCalls * runtime.GOMAXPROCS(0)), began: now, adjusted: now}
	l.wait.Store(int64(minLinger))
	l.due.Store(int64(lingerInterval))
	return l
}

// duration returns how long the oldest point of a Block may wait now.
func (l *linger) duration() time.Duration { return time.Duration(l.wait.Load()) }

// sent notes that a lane sent a Block.
func (l *linger) sent() { l.calls.Add(1) }

// adjust sets the wait anew when it is time for it.
func (l *linger) adjust(now time.Time) {
	if now.Sub(l.began) < time.Duration(l.due.Load()) || !l.mu.TryLock() {
		return
	}
	defer l.mu.Unlock()
	passed := now.Sub(l.adjusted)
	if passed < lingerInterval {
		return // another lane was faster
	}
	rate := float64(l.calls.Swap(0)) / passed.Seconds()
	l.wait.Store(int64(nextLinger(l.duration(), rate/l.budget, passed)))
	l.adjusted = now
	l.due.Store(int64(now.Sub(l.began) + lingerInterval))
}

// nextLinger returns the wait that brings the calls' load, measured over the time
// that passed, to 1, which is what is allowed: lanes that always have points call
// once a wait each, so calls fall as the wait grows. It grows at once but falls by
// and by, since calls may have ceased for a moment only.
func nextLinger(wait time.Duration, load float64, passed time.Duration) time.Duration {
	least := math.Pow(lingerDecline, float64(passed)/float64(lingerInterval))
	next := time.Duration(float64(wait) * max(load, least))
	return min(max(next, minLinger), maxLinger)
}
