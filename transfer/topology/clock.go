package topology

import "time"

// keptSamples is how many samples of Redis' clock are looked at: those of 10 s.
const keptSamples = 20

// clock knows the time of Redis from the answers that it has given. Its owner alone uses it.
type clock struct {
	samples []sample // the newest last
}

// sample is one answer: Redis' time was remote at some moment within half of trip before
// or after local.
type sample struct {
	local  time.Time
	remote time.Time
	trip   time.Duration
}

// learn takes the time that Redis told in a call of so long. What no longer fits, since one
// of the clocks was set, is forgotten.
func (c *clock) learn(sent, received, remote time.Time) {
	trip := received.Sub(sent)
	now := sample{sent.Add(trip / 2), remote, trip}
	if best := c.best(); best != nil {
		const drift = time.Millisecond // of two clocks in the time of all samples, and the rounding
		off := now.offset() - best.offset()
		if off.Abs() > (now.trip+best.trip)/2+drift {
			c.samples = nil
		}
	}
	c.samples = append(c.samples, now)
	if len(c.samples) > keptSamples {
		c.samples = c.samples[1:]
	}
}

// offset is how far Redis' clock is ahead of the one here.
func (s *sample) offset() time.Duration { return s.remote.Sub(s.local) }

// best returns the sample that is most exact, nil if there is none.
func (c *clock) best() (best *sample) {
	for i := range c.samples {
		if best == nil || c.samples[i].trip < best.trip {
			best = &c.samples[i]
		}
	}
	return best
}

// offset is how far Redis' clock is ahead of the one here, 0 while that is not known.
func (c *clock) offset() time.Duration {
	if best := c.best(); best != nil {
		return best.offset()
	}
	return 0
}

// here returns when, by the clock here, it is t by Redis' clock.
func (c *clock) here(t time.Time) time.Time {
	best := c.best()
	if best == nil {
		return t
	}
	return best.local.Add(t.Sub(best.remote))
}

// there returns what time it is by Redis' clock when it is t by the one here.
func (c *clock) there(t time.Time) time.Time {
	best := c.best()
	if best == nil {
		return t
	}
	return best.remote.Add(t.Sub(best.local))
}
