package topology

import (
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// checkNext checks the first of the pending versions, and leaves out those that this relay
// does not take.
func (f *Follower) checkNext() {
	for len(f.pending) > 0 {
		next := f.pending[0]
		err := f.Relay.Check(next)
		if err == nil {
			return
		}
		f.pending = f.pending[1:]
		f.reject(next.version(), err)
	}
}

// nextSwitch returns when the next version comes into force, by the clock here; the zero
// time if none waits.
func (f *Follower) nextSwitch() time.Time {
	if len(f.pending) == 0 {
		return time.Time{}
	}
	return f.clock.here(f.pending[0].from())
}

// switchDue puts in force what is due, of several versions the last one.
func (f *Follower) switchDue() {
	for len(f.pending) > 0 && !f.Now().Before(f.nextSwitch()) {
		next := f.pending[0]
		f.pending = f.pending[1:]
		if len(f.pending) > 0 && !f.Now().Before(f.nextSwitch()) {
			continue
		}
		f.switchTo(next)
		f.checkNext()
		f.nextPoll = f.Now() // the others are to know
		f.nextPeers = f.nextPoll.Add(pollEvery / 2)
		f.show(nil)
	}
}

func (f *Follower) switchTo(next *Document) {
	was := f.inForce.version().Number
	changed, err := f.Relay.Switch(next)
	if err != nil {
		f.reject(next.version(), err)
		return
	}
	late := f.clock.there(f.Now()).Sub(next.from())
	f.inForce, f.rejected = next, rejection{}
	f.unkept = f.Keep(next)
	f.Log.Info("the shared topology is in force", "version", next.Version, "before", was, "by", next.By, "late", late, "changed", changed)
	if f.unkept != nil {
		f.Log.Warn("a start without Redis would begin with an older topology", "error", f.unkept)
	}
}

func isConflict(err error) bool { return errors.Is(err, ErrConflict) }

// isUnusable reports whether err is of a document, rather than of the way to it.
func isUnusable(err error) bool {
	var bad *unusableError
	return errors.As(err, &bad) || errors.Is(err, ErrNone) || errors.Is(err, redis.Nil)
}
