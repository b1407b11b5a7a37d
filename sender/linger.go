package sender

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A call costs 8 to 14 us whatever is in it, so a lane waits a little for more
// points. How long is set from what the waiting costs: calls that were sent
// because the wait was over, not because a Block was full, are to stay within
// lingerCalls a second and core.
const (
	minLinger      = time.Millisecond
	maxLinger      = 50 * time.Millisecond
	lingerCalls    = 5000 // 5000 x 10 us: 5 % of a core
	lingerInterval = 100 * time.Millisecond
)

// linger is the wait that all lanes share, adjusted by the lanes as they send.
type linger struct {
	budget float64 // calls a second
	wait   atomic.Int64
	calls  atomic.Int64 // sent by linger since adjusted

	mu       sync.Mutex
	adjusted time.Time
}

func newLinger(now time.Time) *linger {
	l := &linger{budget: float64(lingerCalls * runtime.GOMAXPROCS(0)), adjusted: now}
	l.wait.Store(int64(minLinger))
	return l
}

// duration returns how long the oldest point of a Block may wait now.
func (l *linger) duration() time.Duration { return time.Duration(l.wait.Load()) }

// sent notes that a lane sent a Block that was not full.
func (l *linger) sent() { l.calls.Add(1) }

// adjust sets the wait anew when it is time for it.
func (l *linger) adjust(now time.Time) {
	if !l.mu.TryLock() {
		return
	}
	defer l.mu.Unlock()
	passed := now.Sub(l.adjusted)
	if passed < lingerInterval {
		return
	}
	rate := float64(l.calls.Swap(0)) / passed.Seconds()
	l.wait.Store(int64(nextLinger(l.duration(), rate/l.budget)))
	l.adjusted = now
}

// nextLinger returns the wait that brings the calls' load, 1 being what is
// allowed, to 1: lanes that always have points send once a wait each, so calls
// fall as the wait grows.
func nextLinger(wait time.Duration, load float64) time.Duration {
	return min(max(time.Duration(float64(wait)*load), minLinger), maxLinger)
}
