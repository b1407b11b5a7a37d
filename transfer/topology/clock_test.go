package topology

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestClockTakesTheMostExactAnswer(t *testing.T) {
	var c clock
	begin := time.Unix(1_700_000_000, 0)
	require.Equal(t, begin, c.here(begin), "nothing is known yet")
	ahead := 10 * time.Second
	for i, trip := range []time.Duration{300, 4, 200} {
		sent := begin.Add(time.Duration(i) * time.Second)
		trip *= time.Millisecond
		c.learn(sent, sent.Add(trip), sent.Add(trip/4).Add(ahead)) // the way there was the shorter one
	}
	require.InDelta(t, ahead.Seconds(), c.offset().Seconds(), 0.002)
	require.Equal(t, begin, c.there(c.here(begin)))
}

// When a clock is set, what was known of it is worth nothing.
func TestClockThatIsSet(t *testing.T) {
	var c clock
	begin := time.Unix(1_700_000_000, 0)
	learn := func(i int, trip, ahead time.Duration) {
		sent := begin.Add(time.Duration(i) * time.Second)
		c.learn(sent, sent.Add(trip), sent.Add(trip/2).Add(ahead))
	}
	learn(0, time.Millisecond, time.Second)
	learn(1, 50*time.Millisecond, time.Second+20*time.Millisecond)
	require.Len(t, c.samples, 2, "it fits")
	learn(2, 50*time.Millisecond, 2*time.Second)
	require.Len(t, c.samples, 1)
	require.Equal(t, 2*time.Second, c.offset())
	for i := range 2 * keptSamples {
		learn(3+i, time.Millisecond, 2*time.Second)
	}
	require.Len(t, c.samples, keptSamples)
}
