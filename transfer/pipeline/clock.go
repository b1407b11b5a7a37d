package pipeline

import (
	"sync/atomic"
	"time"
)

// clock tells the time to validation, so that a jump of the system's clock
// changes only defaulted timestamps, and those never go back (promise P16).
type clock struct {
	now    func() time.Time
	latest atomic.Int64 // the latest second seen, Unix
	given  atomic.Int64 // the latest default given, Unix seconds
}

// reading is the time of one batch.
type reading struct {
	clock    *clock
	accepted time.Time // with the monotonic part, if the clock has one
	limit    int64     // a later timestamp is no timestamp
	missing  int64     // the default, zero until one is needed
}

// read reads the clock. Timestamps are measured against the latest time seen: a
// clock set back must not make good ones look too far ahead.
func (c *clock) read() reading {
	now := c.now()
	return reading{clock: c, accepted: now, limit: 2 * raise(&c.latest, now.Unix())}
}

// acceptance returns the time of acceptance of points that another process accepted
// at wall, by the clock of that time. It has the monotonic part, and is never ahead: a
// clock that was set back meanwhile makes no point younger than new.
func (c *clock) acceptance(wall time.Time) time.Time {
	now := c.now()
	return now.Add(-max(0, now.Round(0).Sub(wall)))
}

// timestamp returns the timestamp as it is accepted: as sent, but now where it is
// zero or less, or further ahead than now itself is old.
func (r *reading) timestamp(sent int64) int64 {
	if sent > 0 && sent <= r.limit {
		return sent
	}
	if r.missing == 0 {
		r.missing = raise(&r.clock.given, r.accepted.Unix())
	}
	return r.missing
}

// raise sets a to v unless it is higher already, and returns what it is then.
func raise(a *atomic.Int64, v int64) int64 {
	for {
		old := a.Load()
		if v <= old {
			return old
		}
		if a.CompareAndSwap(old, v) {
			return v
		}
	}
}
