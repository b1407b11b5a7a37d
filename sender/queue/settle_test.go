package queue

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const pause = 10 * time.Millisecond

func TestSettleHoldsOnlySharedSeries(t *testing.T) {
	now := time.Now()
	s := settle{pause: pause}
	require.Zero(t, s.wait(batch(0, 10, now), now))
	s.replied(batch(0, 10, now), now)
	require.Zero(t, s.wait(batch(10, 20, now), now), "no series in common")
	require.Equal(t, pause, s.wait(batch(9, 12, now), now))
	require.Equal(t, time.Millisecond, s.wait(batch(9, 12, now), now.Add(9*time.Millisecond)))
	require.Zero(t, s.wait(batch(9, 12, now), now.Add(pause)))
}

// Blocks that follow one another without a break must not make every later Block
// wait for ever.
func TestSettleForgetsInABusyLane(t *testing.T) {
	now := time.Now()
	s := settle{pause: pause}
	for i := range 1000 {
		at := now.Add(time.Duration(i) * time.Millisecond)
		require.Zero(t, s.wait(batch(100*i, 100*i+100, at), at), "block %d", i)
		s.replied(batch(100*i, 100*i+100, at), at)
	}
	at := now.Add(1000 * time.Millisecond)
	require.Zero(t, s.wait(batch(0, 100, at), at), "long settled")
	require.Zero(t, s.wait(batch(97_900, 98_000, at), at), "settled 21 ms ago")
	require.Positive(t, s.wait(batch(99_900, 100_000, at), at), "answered 1 ms ago")
}

// However replies and questions fall, a shared series waits for a whole pause.
func TestSettleNeverLetsASeriesGoEarly(t *testing.T) {
	start := time.Now()
	for offset := range 25 {
		s := settle{pause: pause}
		reply := start.Add(time.Duration(offset) * time.Millisecond)
		for at := start; at.Before(reply); at = at.Add(3 * time.Millisecond) {
			s.replied(batch(100, 101, at), at)
		}
		s.replied(batch(1, 2, reply), reply)
		for at := reply; at.Sub(reply) < 40*time.Millisecond; at = at.Add(time.Millisecond) {
			wait := s.wait(batch(1, 2, at), at)
			if at.Sub(reply) < pause {
				require.Positive(t, wait, "offset %d, %v after the reply", offset, at.Sub(reply))
			}
			if at.Sub(reply) >= 2*pause {
				require.Zero(t, wait)
			}
			s.replied(batch(50, 60, at), at)
		}
	}
}

func TestWaitingBlockKeepsFilling(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 10, Bytes: 1 << 20, Settle: pause}, 1)
	l := q.Lanes()[0]
	put(q, batch(0, 10, now))
	_, _ = l.Take(now, 0)
	l.Delivered(1, 0, now)

	put(q, batch(0, 10, now))
	b, wait := l.Take(now, 0)
	require.Nil(t, b)
	require.Equal(t, pause, wait)
	put(q, batch(10, 500, now))
	b, _ = l.Take(now.Add(pause), 0)
	require.Equal(t, 500, b.Len(), "the rule bounds calls, not points")
}
