package sender

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g"
	"transfer/g/segment"
	"transfer/g/stat"
	"transfer/sender/queue"
)

type targetRow = stat.Target

func contextWithin(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), d)
}

// away makes the address refuse or take connections.
func (p *peer) away(is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dialErr = map[string]error{}
	if is {
		p.dialErr["a:1"] = errors.New("refused")
	}
}

// P3, P4: a target that is away costs no point, whatever comes meanwhile.
func TestDeadTargetIsSpooledAndComesBack(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newSpoolBed(t, p)
	s := bed.start(t, nil)
	const points = 50_000
	for i := 0; i < points; i += 1000 {
		putBatches(s, i, i+1000)
		eventually(t, "there is room", s.HasRoom)
	}
	row := bed.target()
	require.True(t, row.Spooled)
	require.Positive(t, row.SpoolBytes)
	require.Equal(t, uint64(points), row.Queued)
	require.LessOrEqual(t, row.QueuedBytes, int64(bed.section.QueueBytes))
	s.Unburden(points)
	eventually(t, "nothing holds the journal", func() bool { return s.State(points).Targets[0].Lanes[0].Mark == points })

	p.away(false)
	eventually(t, "all arrive", func() bool { return bed.target().Delivered == points })
	require.Equal(t, upTo(points), p.points())
	putBatches(s, points, points+10)
	eventually(t, "it is live", func() bool { return bed.target().Delivered == points+10 })
	require.False(t, bed.target().Spooled)
	bed.keep(points + 10)
	require.Zero(t, bed.target().SpoolBytes, "the disk is free again")
	state := bed.stop(t, points+10).Targets[0].Lanes[0]
	require.Equal(t, uint64(points+10), state.Mark)
	require.Equal(t, state.End, state.Read)
	require.Empty(t, bed.target().Dropped)
}

// The call under way goes on when the target turns spooled; what it delivers is not
// sent again.
func TestTurnsSpooledDuringACall(t *testing.T) {
	p := &peer{}
	entered, answer := make(chan struct{}), make(chan struct{})
	p.answers = []func(*call) error{func(*call) error { close(entered); <-answer; return nil }}
	bed := newSpoolBed(t, p)
	s := bed.start(t, nil)
	putBatches(s, 0, 20)
	<-entered
	putBatches(s, 20, 500)
	s.Unburden(500)
	eventually(t, "all is on disk", func() bool { return s.State(500).Targets[0].Lanes[0].Mark == 500 })
	require.Equal(t, uint64(500), bed.target().SpoolPoints)
	close(answer)
	eventually(t, "all arrive", func() bool { return bed.target().Delivered == 500 })
	require.Equal(t, upTo(500), p.points())
	bed.stop(t, 500)
}

// P5: what a stop leaves is sent by the next process, from the spool and from what the
// journal has behind the mark.
func TestRestart(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newSpoolBed(t, p)
	s := bed.start(t, nil)
	putBatches(s, 0, 1000)
	s.Unburden(1000)
	eventually(t, "all is on disk", func() bool { return s.State(1000).Targets[0].Lanes[0].Mark == 1000 })
	putBatches(s, 1000, 1100)
	state := bed.stop(t, 1100)
	require.Equal(t, uint64(1000), state.Targets[0].Lanes[0].Mark)
	state.Targets = append(state.Targets, TargetState{ID: "former/node/b:1", Lanes: []LaneState{{Mark: 7}}})

	p.away(false)
	s = bed.start(t, state)
	s.past = pastOf(state, s.targets())
	putBatches(s, 1000, 1100)
	eventually(t, "all arrive", func() bool { return bed.target().Delivered == 1100 })
	require.Equal(t, upTo(1100), p.points())
	row := bed.target()
	require.Equal(t, uint64(1100), row.Accepted)
	state = bed.stop(t, 1100)
	require.Equal(t, TargetState{ID: "former/node/b:1", Lanes: []LaneState{{Mark: 7}}, Former: true}, state.Targets[1])
}

// P8: on a full disk the target goes on in memory; with space again it spools.
func TestDiskFullAndBack(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newSpoolBed(t, p)
	s := bed.start(t, nil)
	putBatches(s, 0, 1000)
	s.Unburden(1000)
	eventually(t, "some is on disk", func() bool { return bed.target().SpoolPoints == 1000 })
	bed.disk.full.Store(true)
	putBatches(s, 1000, 1500)
	s.Unburden(1500)
	eventually(t, "it says so", func() bool { return s.Trouble() != nil })
	require.ErrorIs(t, s.Trouble(), syscall.ENOSPC)
	require.ErrorContains(t, s.Trouble(), "peer: ")
	require.True(t, s.HasRoom(), "waiting makes no room")
	require.Equal(t, uint64(1000), s.State(1500).Targets[0].Lanes[0].Mark)
	bed.disk.full.Store(false)
	eventually(t, "it works again", func() bool { return s.Trouble() == nil })
	eventually(t, "the rest is on disk", func() bool { return s.State(1500).Targets[0].Lanes[0].Mark == 1500 })
	p.away(false)
	eventually(t, "all arrive", func() bool { return bed.target().Delivered == 1500 })
	require.Equal(t, upTo(1500), p.points())
	bed.stop(t, 1500)
}

// What the spool has goes out first, then the lane is live in memory, full disk or not.
func TestFullDiskDoesNotStopALiveTarget(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newSpoolBed(t, p)
	s := bed.start(t, nil)
	putBatches(s, 0, 1000)
	s.Unburden(1000)
	eventually(t, "some is on disk", func() bool { return bed.target().SpoolPoints == 1000 })
	bed.disk.full.Store(true)
	putBatches(s, 1000, 1500)
	s.Unburden(1500)
	eventually(t, "it fails", func() bool { return s.Trouble() != nil })
	p.away(false)
	eventually(t, "all arrive", func() bool { return bed.target().Delivered == 1500 })
	require.Equal(t, upTo(1500), p.points())
	eventually(t, "nothing needs the disk any more", func() bool { return s.Trouble() == nil })
	bed.stop(t, 1500)
}

// A spool that could not be made at the start is made as soon as it can be.
func TestDiskFullAtStart(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newSpoolBed(t, p)
	bed.disk.full.Store(true)
	s := bed.start(t, nil)
	require.Error(t, s.Trouble())
	putBatches(s, 0, 100)
	s.Unburden(100)
	require.Empty(t, s.State(100).Targets[0].Lanes[0].End)
	bed.disk.full.Store(false)
	eventually(t, "it works", func() bool { return s.Trouble() == nil })
	s.Unburden(100)
	eventually(t, "all is on disk", func() bool { return s.State(100).Targets[0].Lanes[0].Mark == 100 })
	bed.stop(t, 100)
}

// What was stored of spools that cannot be opened is stored again.
func TestUnopenedSpoolKeepsItsState(t *testing.T) {
	p := &peer{}
	bed := spooled(t, p, 100)
	state := bed.stop(t, 100)
	require.NotZero(t, state.Targets[0].Lanes[0].End)
	bed.disk.closed.Store(true)
	s := bed.start(t, state)
	require.ErrorIs(t, s.Trouble(), syscall.EIO)
	require.Equal(t, state.Targets[0].Lanes, s.State(100).Targets[0].Lanes)
	bed.disk.closed.Store(false)
	p.away(false)
	eventually(t, "all arrive", func() bool { return bed.target().Delivered == 100 })
	require.Equal(t, uint64(100), bed.target().Accepted)
	bed.stop(t, 100)
}

// P1, P3: at spoolBytes the oldest go, counted.
func TestSpoolBytesDropTheOldest(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newSpoolBed(t, p)
	bed.section.SpoolBytes = 2 << 20
	bed.section.Lanes = 2
	s := bed.start(t, nil)
	const points = 400_000
	for i := 0; i < points; i += 2000 {
		putBatches(s, i, i+2000)
		eventually(t, "there is room", s.HasRoom)
		require.LessOrEqual(t, bed.target().SpoolBytes, int64(3<<20), "the cap and one segment")
	}
	p.away(false)
	eventually(t, "nothing is queued", func() bool { return bed.target().Queued == 0 })
	row := bed.target()
	require.Len(t, row.Dropped, 1)
	dropped := row.Dropped["cap"]
	require.Greater(t, dropped, uint64(points/4))
	require.Equal(t, points-dropped, row.Delivered)
	requireRising(t, p.points(), 2)
	require.Len(t, p.points(), int(row.Delivered))
	bed.stop(t, points)
}

// requireRising holds that the numbers of each of so many lanes rise.
func requireRising(t *testing.T, numbers []int, lanes int) {
	t.Helper()
	last := make([]int, lanes)
	for i := range last {
		last[i] = -1
	}
	for _, n := range numbers {
		lane := queue.LaneOf(uint32(n), lanes)
		require.Greater(t, n, last[lane])
		last[lane] = n
	}
}

// P1, P3: at maxAge the oldest go, on disk too, counted.
func TestSpooledPointsDieOfAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{}
		p.away(true)
		bed := newSpoolBed(t, p)
		bed.section.SpoolBytes = 8 << 20
		bed.section.MaxAge = time.Minute
		s := bed.start(t, nil)
		const each = 50_000
		for i := range 4 { // each more than a segment
			for n := i * each; n < (i+1)*each; n += 1000 {
				putBatches(s, n, n+1000)
				for !s.HasRoom() {
					time.Sleep(time.Millisecond)
				}
			}
			time.Sleep(25 * time.Second)
		}
		time.Sleep(2 * time.Second) // now the first two are too old
		row := bed.target()
		require.Greater(t, row.Dropped["age"], uint64(each), "the segments of what is too old are dropped unread")
		require.LessOrEqual(t, row.Dropped["age"], uint64(2*each))
		p.away(false)
		time.Sleep(10 * time.Second)
		row = bed.target()
		require.Equal(t, map[string]uint64{"age": 2 * each}, row.Dropped)
		require.Equal(t, uint64(2*each), row.Delivered)
		require.Equal(t, upTo(4 * each)[2*each:], p.points())
		stopInBubble(t, bed, 4*each)
	})
}

// stopInBubble is stop where goroutines of other tests cannot be told apart.
func stopInBubble(t *testing.T, bed *spoolBed, upTo uint64) {
	t.Helper()
	ctx, cancel := contextWithin(0)
	defer cancel()
	bed.sender.Stop(ctx)
	require.True(t, bed.target().Balanced())
	_ = bed.sender.State(upTo)
	require.NoError(t, bed.sender.Close())
}

// What the disk lacks of its reserve is taken from the largest spool.
func TestReserveOfTheDisk(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newSpoolBed(t, p)
	bed.section.SpoolBytes = 16 << 20
	s := bed.start(t, nil)
	for i := 0; i < 400_000; i += 1000 {
		putBatches(s, i, i+1000)
		eventually(t, "there is room", s.HasRoom)
	}
	before := bed.target().SpoolBytes
	bed.lacks.Store(1 << 20)
	eventually(t, "the oldest went", func() bool { return bed.target().Dropped["cap"] > 0 })
	bed.lacks.Store(0)
	require.LessOrEqual(t, bed.target().SpoolBytes, before-1<<20)
	bed.stop(t, 400_000)
}

// What is spooled keeps its lanes until it is gone.
func TestLanesStayUntilSpoolsAreEmpty(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newSpoolBed(t, p)
	s := bed.start(t, nil)
	putBatches(s, 0, 1000)
	s.Unburden(1000)
	eventually(t, "all is on disk", func() bool { return bed.target().SpoolPoints == 1000 })
	state := bed.stop(t, 1000)

	bed.section.Lanes = 3
	s = bed.start(t, state)
	require.Equal(t, 1, s.clusters[0].lanes)
	require.NoError(t, s.Trouble())
	p.away(false)
	eventually(t, "all arrive", func() bool { return bed.target().Delivered == 1000 })
	bed.keep(1000)
	state = bed.stop(t, 1000)
	require.Equal(t, upTo(1000), p.points())

	s = bed.start(t, state)
	require.Equal(t, 3, s.clusters[0].lanes)
	require.NoError(t, s.Trouble())
	putBatches(s, 1000, 2000)
	eventually(t, "all arrive", func() bool { return bed.target().Delivered == 2000 })
	bed.stop(t, 2000)
}

// P1: a ledger that does not balance is said in the log, once, and counted.
func TestMismatchIsCounted(t *testing.T) {
	var said bytes.Buffer
	s := newSender(1<<30, slog.New(slog.NewTextHandler(&said, nil)))
	section := &g.Backend{Name: "peer", Batch: 10, QueueBytes: 1 << 20, MaxAge: time.Hour}
	tg := newTarget(plan{Backend: &peer{}}, section, location{addresses: []string{"a:1"}}, 1, s.shared)
	tg.check()
	require.Zero(t, tg.status(time.Now()).Mismatches)
	require.Zero(t, said.Len())
	tg.queue.Attach([]queue.Place{{End: segment.Position{Next: 11}}})
	tg.queue.Attach([]queue.Place{{}}) // a mistake that loses ten points
	tg.check()
	tg.check()
	require.Equal(t, uint64(2), tg.status(time.Now()).Mismatches)
	require.Equal(t, 1, strings.Count(said.String(), "does not balance"))
}

// P3, P4: a target that comes and goes is live and spooled in turn; calls break in the
// middle.
func TestFlappingTarget(t *testing.T) {
	p := &peer{}
	bed := newSpoolBed(t, p)
	s := bed.start(t, nil)
	const points = 60_000
	turns := 0
	for i := 0; i < points; i += 500 {
		if i%5000 == 0 {
			p.away(i%10_000 == 0)
			p.mu.Lock()
			p.answers = append(p.answers, nil, fails(errors.New("reset")))
			p.mu.Unlock()
		}
		putBatches(s, i, i+500)
		eventually(t, "there is room", s.HasRoom)
		if bed.target().Spooled {
			turns++
		}
	}
	p.away(false)
	eventually(t, "all arrive", func() bool { return bed.target().Delivered == points })
	require.Equal(t, upTo(points), p.points())
	require.Positive(t, turns)
	require.Empty(t, bed.target().Dropped)
	bed.stop(t, points)
}
