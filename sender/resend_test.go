package sender

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/stat"
	"transfer/sender/dead"
)

// lettersOf returns letters of the numbers from..to-1.
func lettersOf(from, to int) (letters []dead.Letter) {
	for n := from; n < to; n++ {
		letters = append(letters, dead.Letter{Target: "peer", Hash: uint32(n), Encoding: "peer/1", Item: appendInteger(nil, int64(n))})
	}
	return letters
}

// P1: what is resent is newly accepted, behind what waits, and safe when Resend
// returns, whether the target takes it or not.
func TestResend(t *testing.T) {
	for _, away := range []bool{false, true} {
		t.Run(map[bool]string{false: "up", true: "away"}[away], func(t *testing.T) {
			p := &peer{}
			p.away(away)
			bed := newSpoolBed(t, p)
			bed.section.Lanes = 2
			s := bed.start(t, nil)
			putBatches(s, 0, 100)
			require.NoError(t, s.Resend(t.Context(), "peer", 100, lettersOf(100, 150)))
			row := bed.target()
			require.Equal(t, uint64(150), row.Accepted)
			require.Equal(t, uint64(100), s.State(100).Targets[0].Lanes[0].Mark)
			if away {
				require.Equal(t, uint64(150), row.SpoolPoints)
			} else {
				require.GreaterOrEqual(t, row.Delivered+row.SpoolPoints, uint64(150), "a slow machine spools some of them")
			}
			p.away(false)
			eventually(t, "all arrive", func() bool { return bed.target().Delivered == 150 })
			requireRising(t, p.points(), 2)
			bed.stop(t, 100)
		})
	}
}

// A point that the journal has keeps its number when a letter joins its Block: its mark
// must not pass it.
func TestResendLeavesTheMarksOfOthers(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newSpoolBed(t, p)
	bed.disk.full.Store(true)
	s := bed.start(t, nil)
	putBatches(s, 0, 20)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, s.Resend(ctx, "peer", 20, lettersOf(100, 101)), context.DeadlineExceeded)
	require.Equal(t, uint64(21), bed.target().Queued, "it is on its way")
	putBatches(s, 20, 40)
	require.Zero(t, s.State(40).Targets[0].Lanes[0].Mark)
	bed.disk.full.Store(false)
	bed.stop(t, 40)
}

func TestResendWithoutAPlace(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newSpoolBed(t, p)
	bed.disk.full.Store(true)
	s := bed.start(t, nil)
	err := s.Resend(t.Context(), "nobody", 0, lettersOf(0, 1))
	require.ErrorIs(t, err, stat.ErrNoBacklog)
	strange := lettersOf(0, 2)
	strange[1].Encoding = "peer/2"
	err = s.Resend(t.Context(), "peer", 0, strange)
	require.ErrorIs(t, err, stat.ErrOtherEncoding)
	require.ErrorContains(t, err, `"peer/2"`)
	encoding, err := s.Encoding("peer")
	require.NoError(t, err)
	require.Equal(t, "peer/1", encoding)
	_, err = s.Encoding("nobody")
	require.ErrorIs(t, err, stat.ErrNoBacklog)
	require.Zero(t, bed.target().Accepted, "all or none")

	for i := 0; bed.target().QueuedBytes <= int64(bed.section.QueueBytes)/resendShare; i += 100 {
		require.Less(t, i, math.MaxInt16)
		putBatches(s, i, i+100)
	}
	before := bed.target().Accepted
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err = s.Resend(ctx, "peer", 0, lettersOf(0, 1))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "its queue is full")
	require.Equal(t, before, bed.target().Accepted)
	bed.disk.full.Store(false)
	bed.stop(t, before)
}
