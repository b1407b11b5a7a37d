// Package guard keeps a panic in one part of the relay from ending the others.
package guard

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// The pauses before a part that panicked starts again, doubling.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
)

// Run calls f until it returns, in the caller's goroutine. When f panics, that is
// logged with its stack and counted in restarts, and after a pause f is called again,
// unless stop is closed. name is the unit's id.
func Run(log *slog.Logger, name string, restarts *atomic.Uint64, stop <-chan struct{}, f func()) {
	run(log, name, restarts, stop, f, func(string) {})
}

// run is Run that tells panicked of each panic before the pause.
func run(log *slog.Logger, name string, restarts *atomic.Uint64, stop <-chan struct{}, f func(), panicked func(cause string)) {
	pause := firstPause
	for {
		begun := time.Now()
		cause, stack := call(f)
		if stack == nil {
			return
		}
		if time.Since(begun) > lastPause { // a new trouble, not the old one again
			pause = firstPause
		}
		log.Error("unit panicked, it starts again by itself: please report this", "unit", name, "panic", cause, "pause", pause, "stack", string(stack))
		panicked(cause)
		if !wait(pause, stop) {
			return
		}
		restarts.Add(1)
		pause = min(2*pause, lastPause)
	}
}

// call calls f and returns what it panicked with and where; stack is nil if it
// returned.
func call(f func()) (cause string, stack []byte) {
	defer func() {
		if fault := recover(); fault != nil {
			cause, stack = fmt.Sprint(fault), debug.Stack()
		}
	}()
	f()
	return "", nil
}

// wait waits for a time and reports whether stop did not end it.
func wait(pause time.Duration, stop <-chan struct{}) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-stop:
		return false
	}
}
