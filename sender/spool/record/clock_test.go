package record

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// P16: what this process stamped, it reads with the monotonic clock, which nobody sets.
func TestOurStampsAreOfTheMonotonicClock(t *testing.T) {
	c := NewClock(time.Now)
	set := Stamp{Wall: 1, Monotonic: int64(time.Minute)}
	require.Equal(t, c.epoch.Add(time.Minute), c.Time(set, true))
	require.Greater(t, time.Since(c.Time(set, false)), time.Hour)
}

func TestStampOfOddTimes(t *testing.T) {
	now := time.Now()
	s := Stamps{now: now, epoch: now, wall: now.UnixNano()}
	require.Equal(t, Stamp{Wall: uint64(now.UnixNano())}, s.Of(time.Time{}), "unknown: just now")
	require.Zero(t, s.Of(now.Add(-200*365*24*time.Hour)).Wall, "before 1970")
	c := NewClock(time.Now)
	require.LessOrEqual(t, time.Since(c.Time(Stamp{Wall: 1 << 62}, false)), time.Minute)
	require.Positive(t, time.Since(c.Time(Stamp{}, false)))
}
