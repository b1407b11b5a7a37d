package spool

import (
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
	"transfer/sender/queue"
	"transfer/sender/spool/record"
)

func TestBlocksComeBackAsTheyWere(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	p := openLane(t, s, laneOptions())
	now := time.Now()
	wide := block(math40, now, 100, 0, 1, 127, 128, 20_000)
	wide.Last = wide.First // as of one request
	want := []*queue.Block{block(1, now, 10), wide, block(70, now.Add(-time.Hour), 5, 5)}
	positions, err := p.Append(want...)
	require.NoError(t, err)
	require.Equal(t, []uint64{2, 8, 10}, nexts(positions))
	require.Equal(t, p.End(), positions[2])

	r := p.Reader(segment.Position{})
	defer r.Close()
	got, at := read(t, r)
	require.Len(t, got, len(want))
	require.Equal(t, []uint64{2, 8, 10}, nexts(at))
	for i := range want {
		same(t, want[i], got[i])
		require.WithinDuration(t, want[i].Accepted, got[i].Accepted, 0)
	}
	for i, position := range positions {
		rest, damage := readAll(t, p, position)
		require.Zero(t, damage)
		require.Len(t, rest, len(want)-1-i)
	}

	more := block(71, now, 3)
	positions, err = p.Append(more)
	require.NoError(t, err)
	require.Equal(t, []uint64{11}, nexts(positions))
	got, _ = read(t, r)
	require.Len(t, got, 1)
	same(t, more, got[0])
	_, err = r.Next(new(queue.Block))
	require.Equal(t, io.EOF, err)
	require.Zero(t, r.Damage())
}

const math40 = 1 << 40

func nexts(positions []segment.Position) (all []uint64) {
	for _, p := range positions {
		all = append(all, p.Next)
	}
	return all
}

func TestEmptyAppend(t *testing.T) {
	p := openLane(t, openStore(t, t.TempDir(), Options{}), laneOptions())
	positions, err := p.Append()
	require.NoError(t, err)
	require.Empty(t, positions)
	positions, err = p.Append(new(queue.Block), block(1, time.Now(), 1), new(queue.Block))
	require.NoError(t, err)
	require.Equal(t, []uint64{1, 2, 2}, nexts(positions))
	blocks, _ := readAll(t, p, positions[0])
	require.Len(t, blocks, 1)
}

// The Blocks of many appends, in several segments, are there after a restart, from
// each position on.
func TestReopen(t *testing.T) {
	dir := t.TempDir()
	o := laneOptions()
	o.Cap = 8 << 20
	s := openStore(t, dir, Options{})
	p := openLane(t, s, o)
	var want []*queue.Block
	var at []segment.Position
	next := uint64(1)
	for range 12 {
		var some []*queue.Block
		for range 3 {
			b := block(next, time.Now(), 50_000, 50_000, 30_000)
			some, next = append(some, b), next+3
		}
		positions, err := p.Append(some...)
		require.NoError(t, err)
		want, at = append(want, some...), append(at, positions...)
	}
	require.Greater(t, len(p.Segments()), 2)
	require.NoError(t, p.Close())

	for i := 0; i < len(want); i += 5 {
		o.After = at[i]
		p = openLane(t, openStore(t, dir, Options{}), o)
		require.Equal(t, uint64(len(want)*3+1), p.End().Next)
		rest, damage := readAll(t, p, at[i])
		require.Zero(t, damage)
		require.Len(t, rest, len(want)-1-i)
		for j, b := range rest {
			same(t, want[i+1+j], b)
		}
		require.NoError(t, p.Close())
	}
}

// What was released is gone, numbers go on, also in the next process.
func TestReleaseAll(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	p := openLane(t, s, laneOptions())
	_, err := p.Append(block(1, time.Now(), 1, 2, 3))
	require.NoError(t, err)
	require.Positive(t, p.Bytes())
	end := p.End()
	require.NoError(t, p.Release(end))
	require.Positive(t, p.Bytes(), "what is written stays")
	p.Seal()
	require.NoError(t, p.Release(end))
	require.Zero(t, p.Bytes())
	require.Empty(t, p.Segments())
	require.Equal(t, end, p.Tail())
	require.NoError(t, p.Close())

	o := laneOptions()
	o.After = end
	p = openLane(t, openStore(t, dir, Options{}), o)
	positions, err := p.Append(block(4, time.Now(), 9))
	require.NoError(t, err)
	require.Equal(t, end.Next+1, positions[0].Next)
	require.Equal(t, 1, positions[0].Compare(end))
	blocks, damage := readAll(t, p, end)
	require.Len(t, blocks, 1)
	require.Zero(t, damage)
}

func TestDrop(t *testing.T) {
	o := laneOptions()
	o.Cap = 8 << 20
	p := openLane(t, openStore(t, t.TempDir(), Options{}), o)
	for next := uint64(1); len(p.Segments()) < 3; next += 2 {
		_, err := p.Append(block(next, time.Now(), 100_000, 100_000))
		require.NoError(t, err)
	}
	r := p.Reader(segment.Position{})
	defer r.Close()
	_, err := r.Next(new(queue.Block))
	require.NoError(t, err)
	oldest := p.Segments()[0]
	dropped, ok, err := p.Drop()
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, oldest, dropped)
	rest, _ := read(t, r)
	require.Zero(t, r.Damage(), "what was dropped is counted by who dropped it")
	points := uint64(0)
	for _, b := range rest {
		points += uint64(b.Len())
	}
	require.Equal(t, p.End().Next-oldest.Next, points)
	require.Equal(t, oldest.Next, p.Tail().Next)
}

// A Block larger than a record comes back in parts, in order.
func TestLargeBlock(t *testing.T) {
	o := laneOptions()
	o.Cap = 1 << 20
	p := openLane(t, openStore(t, t.TempDir(), Options{}), o)
	sizes := make([]int, 300)
	for i := range sizes {
		sizes[i] = 3500
	}
	sizes[3] = 600_000
	want := block(1, time.Now(), sizes...)
	positions, err := p.Append(block(1, time.Now(), 1), want, block(1, time.Now(), 1))
	require.NoError(t, err)
	require.Equal(t, []uint64{2, 302, 303}, nexts(positions))
	parts, damage := readAll(t, p, positions[0])
	require.Zero(t, damage)
	require.Greater(t, len(parts), 4)
	whole := &queue.Block{First: want.First, Last: want.Last}
	for _, part := range parts[:len(parts)-1] {
		require.Equal(t, [2]uint64{want.First, want.Last}, [2]uint64{part.First, part.Last})
		require.True(t, len(part.Payload) <= record.Largest || part.Len() == 1)
		for i := range part.Items {
			whole.Take(part, i)
		}
	}
	same(t, want, whole)
}

func TestItemThatDoesNotFit(t *testing.T) {
	o := laneOptions()
	o.Cap = 1 << 20
	p := openLane(t, openStore(t, t.TempDir(), Options{}), o)
	now := time.Now()
	bad := block(1, now, 10, 2<<20, 10)
	_, err := p.Append(block(1, now, 600_000), bad)
	var tooLarge *TooLargeError
	require.ErrorAs(t, err, &tooLarge)
	require.Equal(t, [2]int{1, 1}, [2]int{tooLarge.Block, tooLarge.Item})
	require.GreaterOrEqual(t, tooLarge.Bytes, 2<<20)
	require.Zero(t, p.End(), "all or nothing")
	_, err = p.Append(block(1, now, 600_000), block(1, now, 10, 10))
	require.NoError(t, err)
}

// An append that fails leaves nothing, and goes through when the disk is well again.
func TestDiskFails(t *testing.T) {
	for _, fault := range []struct {
		err  error
		full bool
	}{{syscall.ENOSPC, true}, {syscall.EDQUOT, true}, {syscall.EIO, false}} {
		t.Run(fault.err.Error(), func(t *testing.T) {
			disk := new(faultyDisk)
			p := openLane(t, openStore(t, t.TempDir(), Options{Disk: disk}), laneOptions())
			one, other := block(1, time.Now(), 10, 20), block(3, time.Now(), 30)
			for range 2 {
				_, err := p.Append(one)
				require.NoError(t, err)
				before := p.End()
				disk.fail(fault.err)
				_, err = p.Append(other, one)
				require.ErrorIs(t, err, fault.err)
				require.Equal(t, fault.full, isFull(err))
				require.Equal(t, before, p.End())
				require.Error(t, p.Sync())
				disk.fail(nil)
				positions, err := p.Append(other)
				require.NoError(t, err)
				require.Equal(t, before.Next+1, positions[0].Next)
			}
			blocks, damage := readAll(t, p, segment.Position{})
			require.Zero(t, damage)
			require.Len(t, blocks, 4)
			for i, b := range blocks {
				same(t, []*queue.Block{one, other}[i%2], b)
			}
		})
	}
}

func TestClosed(t *testing.T) {
	p := openLane(t, openStore(t, t.TempDir(), Options{}), laneOptions())
	require.NoError(t, p.Close())
	_, err := p.Append(block(1, time.Now(), 1))
	require.ErrorIs(t, err, os.ErrClosed)
}

func isFull(err error) bool { return errors.Is(err, segment.ErrFull) }
