package sender

import (
	"errors"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
	"transfer/sender/dead"
	"transfer/sender/queue"
)

// scarceDisk is a disk that takes so many writes, then none.
type scarceDisk struct {
	segment.OSDisk
	left atomic.Int64
}

func (d *scarceDisk) Create(path string) (segment.File, error) {
	f, err := d.OSDisk.Create(path)
	return &scarceFile{f, d}, err
}

type scarceFile struct {
	segment.File
	disk *scarceDisk
}

func (f *scarceFile) WriteAt(p []byte, at int64) (int, error) {
	if f.disk.left.Add(-1) < 0 {
		return 0, syscall.ENOSPC
	}
	return f.File.WriteAt(p, at)
}

// buryingBed returns a bed with dead letters on a disk that has no room left.
func buryingBed(t *testing.T, p *peer) (*spoolBed, *scarceDisk) {
	t.Helper()
	bed, disk := newSpoolBed(t, p), new(scarceDisk)
	var err error
	bed.dead, err = dead.Open(t.TempDir(), dead.Options{Disk: disk})
	require.NoError(t, err)
	t.Cleanup(func() { _ = bed.dead.Close() })
	return bed, disk
}

// poisons refuses calls with one of the points for good.
func poisons(bad ...int) func(*call) error {
	return refuses(&Refusal{Permanent: true, Err: errors.New("bad point")}, bad...)
}

// P1, P8, P12: a dead letter waits for a full disk with its Block, whatever part of the
// letters the disk has taken. Nothing is sent, counted or kept twice.
func TestDeadLettersWaitForTheDisk(t *testing.T) {
	p := &peer{always: poisons(3, 4, 6, 61)}
	bed, disk := buryingBed(t, p)
	s := bed.start(t, nil)
	putBatches(s, 0, 100)
	eventually(t, "it says so", func() bool { return s.Trouble() != nil })
	require.ErrorContains(t, s.Trouble(), "cannot keep a dead letter of peer")
	require.ErrorContains(t, s.Trouble(), "no space left")
	require.Contains(t, bed.target().Error, "points wait behind a dead letter")
	const some = 4 // the manifest, the segment's header, two letters of three
	disk.left.Store(some)
	eventually(t, "it is tried again", func() bool { return disk.left.Load() < 0 })
	require.EqualValues(t, 2, bed.dead.Counts()["peer"])
	require.Empty(t, bed.target().Dropped)
	require.True(t, bed.target().Balanced())
	putBatches(s, 100, 200)
	disk.left.Store(1 << 20)
	eventually(t, "all is settled", func() bool { return bed.target().Queued == 0 })
	require.Equal(t, without(upTo(200), 3, 4, 6, 61), p.points())
	row := bed.target()
	require.Equal(t, map[string]uint64{"dead_letter": 4}, row.Dropped)
	require.EqualValues(t, 196, row.Delivered)
	require.NoError(t, s.Trouble())
	numbers, _ := letters(t, bed.dead)
	require.Equal(t, []int{3, 4, 6, 61}, numbers)
	bed.stop(t, 200)
}

// Two Blocks that were judged together stay together while the disk is full.
func TestJudgedBlocksStayTogether(t *testing.T) {
	p := &peer{always: poisons(0)}
	bed, disk := buryingBed(t, p)
	s := bed.start(t, nil)
	put(s, 0, 1)
	eventually(t, "it is refused", func() bool { return bed.target().Failed > 0 })
	put(s, 1, 3)
	eventually(t, "the letter waits", func() bool { return s.Trouble() != nil })
	put(s, 3, 6)
	disk.left.Store(1 << 20)
	eventually(t, "all is settled", func() bool { return bed.target().Queued == 0 })
	require.Equal(t, []int{1, 2, 3, 4, 5}, p.points())
	require.Equal(t, map[string]uint64{"dead_letter": 1}, bed.target().Dropped)
	bed.stop(t, 6)
}

// P13: a full disk holds no stop up, and the next process judges again what waited.
func TestStopWithALetterThatWaits(t *testing.T) {
	p := &peer{always: poisons(5)}
	bed, disk := buryingBed(t, p)
	s := bed.start(t, nil)
	putBatches(s, 0, 20)
	eventually(t, "the letter waits", func() bool { return s.Trouble() != nil })
	ctx, cancel := contextWithin(time.Minute)
	defer cancel()
	require.NotZero(t, s.Stop(ctx), "what was judged is left")
	require.NoError(t, ctx.Err())
	state := s.State(20)
	require.Zero(t, state.Targets[0].Lanes[0].Mark, "the journal still owes it")
	require.NoError(t, s.Close())

	disk.left.Store(1 << 20)
	s = bed.start(t, state)
	putBatches(s, 0, 20)
	eventually(t, "all is settled", func() bool { return bed.target().Queued == 0 })
	require.Equal(t, map[string]uint64{"dead_letter": 1}, bed.target().Dropped)
	arrived := slices.Compact(slices.Sorted(slices.Values(p.points())))
	require.Equal(t, without(upTo(20), 5), arrived)
	bed.stop(t, 20)
}

// A target gets another role although a letter waits: what was judged is given back and
// judged anew.
func TestTurnWithALetterThatWaits(t *testing.T) {
	p := &peer{always: poisons(5)}
	bed, disk := buryingBed(t, p)
	s := bed.start(t, nil)
	putBatches(s, 0, 20)
	eventually(t, "the letter waits", func() bool { return s.Trouble() != nil })
	tg := s.targets()[0]
	other := *tg.role.Load()
	tg.turn(&other)
	eventually(t, "it is given back", func() bool { return bed.target().Failed > 0 && bed.target().Resent > 20 })
	require.Empty(t, bed.target().Dropped)
	disk.left.Store(1 << 20)
	eventually(t, "all is settled", func() bool { return bed.target().Queued == 0 })
	require.Equal(t, map[string]uint64{"dead_letter": 1}, bed.target().Dropped)
	arrived := slices.Compact(slices.Sorted(slices.Values(p.points())))
	require.Equal(t, without(upTo(20), 5), arrived)
	numbers, _ := letters(t, bed.dead)
	require.Equal(t, []int{5}, numbers)
	bed.stop(t, 20)
}

// A letter that no disk would take holds nothing up.
func TestLetterTooLargeToBeKept(t *testing.T) {
	p := &peer{always: func(c *call) error {
		if len(c.b.Payload) > 1<<20 {
			return &Refusal{Permanent: true, Err: errors.New("too large")}
		}
		return nil
	}}
	bed := newSpoolBed(t, p)
	bed.section.QueueBytes = 64 << 20
	dir := filepath.Join(t.TempDir(), "dead")
	var err error
	bed.dead, err = dead.Open(dir, dead.Options{Cap: 1})
	require.NoError(t, err)
	s := bed.start(t, nil)
	b := &queue.Block{First: 1, Last: 1, Accepted: time.Now(), Payload: make([]byte, 2<<20)}
	b.Close(0)
	place(s.clusters[0], b)
	putBatches(s, 1, 21)
	eventually(t, "all is settled", func() bool { return bed.target().Queued == 0 })
	require.Equal(t, upTo(21)[1:], p.points())
	require.Equal(t, map[string]uint64{"dead_letter": 1}, bed.target().Dropped)
	require.NoError(t, s.Trouble())
	bed.stop(t, 21)
	require.NoError(t, bed.dead.Close())
}
