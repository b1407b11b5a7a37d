package main

import (
	"sync"
	"sync/atomic"

	"transfer/g/stat"
)

// reloads makes one reload of many that are asked for at once: those that come while
// one is under way share the next.
type reloads struct {
	mu      sync.Mutex
	next    *attempt // that is not under way yet; nil: none
	results map[string]uint64
	failed  string // why the last one was refused

	wake     chan struct{} // asks for a reload by itself
	end      chan struct{} // closed: nothing more is reloaded by itself
	running  sync.WaitGroup
	restarts atomic.Uint64 // after a panic
}

// attempt is a reload that some wait for.
type attempt struct {
	force bool // for one of them
	done  chan struct{}

	reloaded stat.Reloaded // what came of it, once it is done
	err      error         // likewise
}

func newReloads() *reloads {
	return &reloads{results: make(map[string]uint64), wake: make(chan struct{}, 1), end: make(chan struct{})}
}

// join returns the next attempt, and whether the caller has to carry it out.
func (r *reloads) join(force bool) (a *attempt, first bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if first = r.next == nil; first {
		r.next = &attempt{done: make(chan struct{})}
	}
	r.next.force = r.next.force || force
	return r.next, first
}

// begin lets nobody join the attempt any more, and returns whether it is forced.
func (r *reloads) begin(a *attempt) (force bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next = nil
	return a.force
}

// finish counts the attempt and lets go of all who wait. It reports whether it was
// refused for another reason than the one before, or for the first time.
func (r *reloads) finish(a *attempt) (news bool) {
	defer close(a.done)
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.failed
	r.failed = ""
	switch {
	case a.err != nil:
		r.failed = a.err.Error()
		r.results[stat.ReloadRefused]++
	case len(a.reloaded.Changed) == 0:
		r.results[stat.ReloadUnchanged]++
	default:
		r.results[stat.ReloadApplied]++
	}
	return r.failed != before
}

// ask asks for a reload and does not wait for it.
func (r *reloads) ask() {
	select {
	case r.wake <- struct{}{}:
	default: // one is asked for already
	}
}

// tell fills in what is shown of the reloads.
func (r *reloads) tell(l *stat.Loaded) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l.Failed, l.Reloads = r.failed, make(map[string]uint64)
	for result, n := range r.results {
		l.Reloads[result] = n
	}
}
