package sender

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLingerFollowsItsLoad(t *testing.T) {
	for _, c := range []struct {
		wait   time.Duration
		load   float64
		passed time.Duration
		want   time.Duration
	}{
		{minLinger, 0, lingerInterval, minLinger},
		{minLinger, 20, lingerInterval, 20 * time.Millisecond},
		{20 * time.Millisecond, 1, lingerInterval, 20 * time.Millisecond},
		{20 * time.Millisecond, 0.8, lingerInterval, 16 * time.Millisecond},
		{20 * time.Millisecond, 10, lingerInterval, maxLinger},
		{20 * time.Millisecond, 0, lingerInterval, 13 * time.Millisecond},
		{maxLinger, 0.1, time.Minute, 5 * time.Millisecond},
		{maxLinger, 0, time.Hour, minLinger},
	} {
		require.InDelta(t, c.want, nextLinger(c.wait, c.load, c.passed), 1, "%+v", c)
	}
}

// site is a load on two backends: so many nodes each, points a second.
type site struct {
	nodes, rate int
}

// calls returns the calls a second that a wait leads to. A lane's first point comes,
// on average, one gap between points after its last call, and the wait begins.
func (s site) calls(wait time.Duration) float64 {
	gap := float64(s.nodes) / float64(s.rate)
	return float64(2*s.nodes) / (wait.Seconds() + gap)
}

// However the load changes, the wait is where it has to be a second later and stays
// there: no longer than it needs to be, and with no more calls than are allowed.
func TestLingerIsSteady(t *testing.T) {
	const budget, second = 2 * lingerCalls, int(time.Second / lingerInterval) // two cores
	settled := map[site]time.Duration{}
	for _, nodes := range []int{3, 20, 100} {
		for _, rate := range []int{10_000, 100_000, 500_000} {
			for _, start := range []time.Duration{minLinger, 7 * time.Millisecond, maxLinger} {
				s := site{nodes, rate}
				t.Run(fmt.Sprintf("%+v from %v", s, start), func(t *testing.T) {
					wait := start
					for step := range 5 * second {
						load := s.calls(wait) / budget
						next := nextLinger(wait, load, lingerInterval)
						if step >= second {
							require.Less(t, load, 1.1, "wait %v", wait)
							require.InEpsilon(t, wait, next, 0.1, "the wait swings")
							if wait > minLinger {
								require.Greater(t, load, 0.9, "a wait of %v is longer than needed", wait)
							}
						}
						wait = next
					}
					settled[s] = wait
				})
			}
		}
	}
	// With 10 ms until graph has settled, a point is to arrive within 15 and 80 ms.
	require.Less(t, settled[site{3, 100_000}], 2*time.Millisecond)
	require.Less(t, settled[site{100, 100_000}], 45*time.Millisecond)
}
