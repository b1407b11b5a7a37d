package guard

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"transfer/g/stat"
)

// Life is what there is to tell of a unit's life: its state, its last error, and how
// often it started again. The zero Life is starting, since no known time. It may be
// used by many goroutines and must not be copied.
type Life struct {
	restarts atomic.Uint64

	mu    sync.Mutex
	state string // empty: starting
	since time.Time
	err   string
}

// Run calls f as the function Run does. The unit is up while f runs, and starting
// between a panic, which becomes its last error, and the next call.
func (l *Life) Run(log *slog.Logger, name string, stop <-chan struct{}, f func()) {
	up := func() { l.Become(stat.UnitUp); f() }
	run(log, name, &l.restarts, stop, up, func(cause string) {
		l.panicked(cause)
		l.Become(stat.UnitStarting)
	})
}

// RunBeside is Run for what the unit does beside: its state does not depend on it.
func (l *Life) RunBeside(log *slog.Logger, name string, stop <-chan struct{}, f func()) {
	run(log, name, &l.restarts, stop, f, l.panicked)
}

// Become notes that the unit is in the state from now on. A unit that drains or has
// stopped does not come back.
func (l *Life) Become(state string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == state || rank(state) < rank(l.state) {
		return
	}
	l.state, l.since = state, time.Now()
}

// rank orders the states by how near the end is.
func rank(state string) int {
	switch state {
	case stat.UnitStopped:
		return 2
	case stat.UnitDraining:
		return 1
	}
	return 0
}

// Ended notes that the unit has stopped of an error that is not for Run to mend.
func (l *Life) Ended(err error) {
	l.failed(err.Error())
	l.Become(stat.UnitStopped)
}

func (l *Life) panicked(cause string) { l.failed("panicked: " + cause) }

func (l *Life) failed(err string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
}

// Fill adds the life to the row that is shown of the unit.
func (l *Life) Fill(u *stat.Unit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	u.State, u.Since, u.Error, u.Restarts = l.state, l.since, l.err, l.restarts.Load()
	if u.State == "" {
		u.State = stat.UnitStarting
	}
}
