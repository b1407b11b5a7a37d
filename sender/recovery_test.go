package sender

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// drained returns how many points leave a backlog within d when calls of so many
// points go as soon as they may.
func drained(r *recovery, from time.Time, d time.Duration, call int) (points int) {
	for now := from; now.Sub(from) < d; {
		if wait := r.wait(now); wait > 0 {
			now = now.Add(wait)
			continue
		}
		r.sent(call, now)
		points += call
	}
	return points
}

func TestBacklogIsPaced(t *testing.T) {
	begin := time.Unix(1_700_000_000, 0)
	for _, c := range []struct {
		name string
		live float64 // points a second
		rate float64
	}{
		{"a quiet target", 0, 10_000},
		{"a busy one", 13_000, 52_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &recovery{least: leastRecovery}
			r.measure(0, begin)
			r.measure(uint64(10*c.live), begin.Add(10*time.Second))
			now := begin.Add(10 * time.Second)
			r.begin(now)
			ramp := drained(r, now, recoveryRamp, 100)
			require.InEpsilon(t, (1+rampBegin)/2*recoveryRamp.Seconds()*c.rate, ramp, 0.02)
			now = now.Add(recoveryRamp)
			require.InEpsilon(t, 10*c.rate, drained(r, now, 10*time.Second, 20_000), 0.25, "large calls are paid for as well")
			r.end()
			r.begin(now.Add(time.Hour))
			require.Zero(t, r.wait(now.Add(time.Hour)), "another backlog begins without debts")
		})
	}
}

// A pause in the backlog does not allow a burst.
func TestPauseSavesUpLittle(t *testing.T) {
	r, now := &recovery{least: leastRecovery}, time.Unix(1_700_000_000, 0)
	r.begin(now)
	now = now.Add(time.Hour)
	require.LessOrEqual(t, drained(r, now, time.Second, 100), int(leastRecovery*(1+recoveryCredit.Seconds()))+100)
}
