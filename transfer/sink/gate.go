package sink

import (
	"errors"
	"sync/atomic"
	"time"
)

// state is a fault for as long as it is on.
type state struct {
	Fault
	closed bool          // the sink is closing: for good
	over   chan struct{} // closed when another state takes this one's place
}

// silent reports whether no reply goes out.
func (s *state) silent() bool { return s.Mode == Hang || s.Mode == Freeze }

// dead reports whether the stand-in plays a process that is gone.
func (s *state) dead() bool { return s.closed || s.Mode == Refuse }

// gate is where calls and connections learn of the fault and wait for its end.
// Whoever calls set holds Sink.faults.
type gate struct {
	current atomic.Pointer[state]
}

func newGate() *gate {
	g := &gate{}
	g.current.Store(&state{over: make(chan struct{})})
	return g
}

func (g *gate) load() *state { return g.current.Load() }

func (g *gate) set(s *state) {
	s.over = make(chan struct{})
	close(g.current.Swap(s).over)
}

// pass lets a call through, at once or when the fault is over, or returns what
// to answer in place of receiving its points.
func (g *gate) pass() error {
	for slept := false; ; {
		s := g.load()
		switch {
		case s.dead():
			return errors.New("stand-in is gone")
		case s.silent():
			<-s.over
		case s.Mode == Slow && !slept:
			select {
			case <-time.After(s.Delay):
				slept = true
			case <-s.over:
			}
		case s.Mode == Error:
			return errors.New("stand-in was told to answer errors")
		default:
			return nil
		}
	}
}

// reply returns what is to be answered to a call whose points were received. The
// answer of a Cut never arrives.
func (g *gate) reply() error {
	if g.load().Mode == Cut {
		return errors.New("stand-in was told to cut its replies")
	}
	return nil
}
