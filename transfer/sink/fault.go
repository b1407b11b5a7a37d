package sink

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Mode is the way in which a stand-in fails.
type Mode int

// The modes. Points of a call that waits are received when the fault ends, those
// of a call that fails never.
const (
	OK     Mode = iota
	Slow        // each call waits for Fault.Delay before its points are received
	Refuse      // nothing listens, and open connections are closed: the process is dead
	Hang        // calls are read but wait, and no reply goes out
	Freeze      // as Hang, and nothing is read: the process is stopped by SIGSTOP
	Error       // calls are answered with an application error
	Reset       // connections are reset in the middle of what is sent; a call cut in two is lost
	Cut         // points are received, but the connection is reset in place of the reply
	numModes
)

func modeNames() []string {
	names := [numModes]string{
		OK: "ok", Slow: "slow", Refuse: "refuse", Hang: "hang", Freeze: "freeze",
		Error: "error", Reset: "reset", Cut: "cut",
	}
	return names[:]
}

// Fault is what a stand-in is told to do wrong. Fault{} is no fault.
type Fault struct {
	Mode  Mode
	Delay time.Duration // of Slow
}

// String returns the fault as ParseFault reads it.
func (f Fault) String() string {
	if f.Mode < 0 || f.Mode >= numModes {
		return "unknown"
	}
	if f.Mode == Slow {
		return fmt.Sprintf("slow:%s", f.Delay)
	}
	return modeNames()[f.Mode]
}

// defaultDelay is the Delay of a Slow that names none.
const defaultDelay = time.Second

// ParseFault reads a fault: ok, refuse, hang, freeze, error, reset, cut, slow
// (a second each call) or slow:DURATION, such as slow:200ms.
func ParseFault(s string) (Fault, error) {
	name, delay, hasDelay := strings.Cut(s, ":")
	mode := slices.Index(modeNames(), name)
	if mode < 0 || (hasDelay && Mode(mode) != Slow) {
		return Fault{}, fmt.Errorf("cannot use fault %q: choose one of %s or slow:DURATION", s, strings.Join(modeNames(), ", "))
	}
	f := Fault{Mode: Mode(mode)}
	if f.Mode != Slow {
		return f, nil
	}
	f.Delay = defaultDelay
	if hasDelay {
		d, err := time.ParseDuration(delay)
		if err != nil || d < 0 {
			return Fault{}, fmt.Errorf("cannot use fault %q: write the delay as in slow:200ms", s)
		}
		f.Delay = d
	}
	return f, nil
}
