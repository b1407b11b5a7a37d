package sender

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// P4: what is new does not overtake what lies in a spool that cannot be opened yet.
func TestNewPointsWaitForAHiddenSpool(t *testing.T) {
	p := &peer{}
	bed := spooled(t, p, 100)
	state := bed.stop(t, 100)
	bed.disk.closed.Store(true)
	p.away(false)
	s := bed.start(t, state)
	require.ErrorContains(t, s.Trouble(), "new points wait in memory")
	putBatches(s, 100, 200)
	time.Sleep(3 * hiddenPause)
	require.Empty(t, p.points())
	require.False(t, s.targets()[0].spooler.isRead(), "nothing may be let go of")
	bed.disk.closed.Store(false)
	eventually(t, "all arrive", func() bool { return bed.target().Delivered == 200 })
	require.Equal(t, upTo(200), p.points())
	require.NoError(t, s.Trouble())
	bed.keep(200)
	require.True(t, s.targets()[0].spooler.isRead())
	bed.stop(t, 200)
}

// P8: a spool that stays broken stops its target only until that would cost points.
func TestHiddenSpoolDoesNotStopTheTarget(t *testing.T) {
	for name, age := range map[string]time.Duration{"its queue is full": time.Hour, "its points get old": 2 * time.Second} {
		t.Run(name, func(t *testing.T) {
			p := &peer{}
			bed := spooled(t, p, 100)
			state := bed.stop(t, 100)
			bed.disk.closed.Store(true)
			p.away(false)
			bed.section.QueueBytes, bed.section.MaxAge = 256<<10, age
			s := bed.start(t, state)
			accepted := 100
			eventually(t, "they go ahead", func() bool {
				crowded := s.targets()[0].queue.Account().Bytes > int64(bed.section.QueueBytes)/hiddenShare
				if accepted == 100 || age == time.Hour && !crowded { // more might be dropped before the lane looks
					putBatches(s, accepted, accepted+100)
					accepted += 100
				}
				return bed.target().Delivered > 0
			})
			eventually(t, "all of them", func() bool { return bed.target().Delivered == uint64(accepted-100) })
			require.Equal(t, upTo(accepted)[100:], p.points())
			bed.stop(t, 200)
		})
	}
}

// Where there can be nothing to overtake, nothing waits.
func TestNoPointsWaitForAnEmptySpool(t *testing.T) {
	p := &peer{}
	bed := newSpoolBed(t, p)
	bed.disk.full.Store(true)
	s := bed.start(t, nil)
	require.Error(t, s.Trouble())
	require.False(t, s.targets()[0].spooler.hidden.is.Load())
	putBatches(s, 0, 100)
	eventually(t, "all arrive", func() bool { return bed.target().Delivered == 100 })
	bed.disk.full.Store(false)
	bed.stop(t, 100)
}

// P13: a stop does not wait for a hidden spool, and sends nothing ahead of it.
func TestStopWithAHiddenSpool(t *testing.T) {
	p := &peer{}
	bed := spooled(t, p, 100)
	state := bed.stop(t, 100)
	bed.disk.closed.Store(true)
	p.away(false)
	s := bed.start(t, state)
	putBatches(s, 100, 200)
	ctx, cancel := contextWithin(time.Minute)
	defer cancel()
	require.Equal(t, uint64(100), s.Stop(ctx))
	require.NoError(t, ctx.Err())
	require.Empty(t, p.points())
	left := s.State(200).Targets[0].Lanes[0]
	require.Equal(t, state.Targets[0].Lanes[0], left, "all is owed as it was")
	require.NoError(t, s.Close())
}
