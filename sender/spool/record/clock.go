package record

import "time"

// Stamp is the time of a point's acceptance by two clocks: the wall's, which other
// processes understand, and that of this process, which nobody sets.
type Stamp struct {
	Wall      uint64 // ns since 1970
	Monotonic int64  // ns since the Clock was made
}

// Clock stamps what this process stores, and reads its own stamps and those of others.
type Clock struct {
	now   func() time.Time
	epoch time.Time // from which monotonic times are counted
}

// NewClock returns a Clock by now, which is read wall and monotonic.
func NewClock(now func() time.Time) Clock { return Clock{now: now, epoch: now()} }

// Stamps makes the stamps of Blocks at one moment.
type Stamps struct {
	now, epoch time.Time
	wall       int64 // of now
}

// Stamps returns how Blocks are stamped now.
func (c Clock) Stamps() Stamps {
	now := c.now()
	return Stamps{now: now, epoch: c.epoch, wall: now.UnixNano()}
}

// Of returns the stamp of a point accepted at t; of the zero time: just now.
func (s Stamps) Of(t time.Time) Stamp {
	if t.IsZero() {
		t = s.now
	}
	return Stamp{Wall: uint64(max(0, s.wall-int64(s.now.Sub(t)))), Monotonic: int64(t.Sub(s.epoch))}
}

// Time returns the time that the stamp says, in the monotonic clock of this process:
// no clock that is set makes a point older than it is. What another process has
// stamped, which is not ours, is never in the future.
func (c Clock) Time(t Stamp, ours bool) time.Time {
	if ours {
		return c.epoch.Add(time.Duration(t.Monotonic))
	}
	now := c.now()
	return now.Add(-time.Duration(max(0, now.UnixNano()-int64(t.Wall))))
}
