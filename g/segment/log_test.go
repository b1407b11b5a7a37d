package segment

import (
	"io/fs"
	"math"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatIsAppendedIsRead(t *testing.T) {
	disk := newMemDisk()
	l := open(t, plain(disk))
	require.Equal(t, Position{}, l.End())
	require.Equal(t, Position{}, l.Tail())
	r := l.Reader(Position{})
	defer r.Close()
	require.Empty(t, read(t, r))

	all := records(100, 0, 1, 7, 8, 9, 5000, gatherBytes-recordHeader, gatherBytes, 300<<10)
	require.NoError(t, l.Append(all[:3]...))
	requireSame(t, all[:3], read(t, r))
	require.Equal(t, uint64(106), l.End().Next)
	require.NoError(t, l.Append(all[3:]...))
	require.NoError(t, l.Append())
	requireSame(t, all[3:], read(t, r))
	require.Empty(t, read(t, r))
	require.Equal(t, "v1", r.Encoding())
	requireAll(t, l, all)

	require.NoError(t, l.Close())
	require.NoError(t, l.Close())
	l = open(t, plain(disk))
	require.Empty(t, l.Report().Findings)
	requireAll(t, l, all)
	require.Equal(t, Position{Segment: 1, Offset: recordsFrom, Next: 100}, l.Tail())
}

// A reader goes on from any position that it has given, also in another process.
func TestPositionsOutliveTheProcess(t *testing.T) {
	disk, all := several(t)
	l := open(t, plain(disk))
	r := l.Reader(Position{})
	defer r.Close()
	positions := []Position{l.Tail()}
	for range all {
		_, p, err := r.Next()
		require.NoError(t, err)
		require.Positive(t, p.Compare(positions[len(positions)-1]))
		positions = append(positions, p)
	}
	require.Equal(t, l.End(), positions[len(positions)-1])
	for i, p := range positions {
		again := l.Reader(p)
		requireSame(t, all[i:], read(t, again))
		require.Zero(t, again.Damage())
		again.Close()

		// A mark without the number works too.
		p.Next = 0
		again = l.Reader(p)
		requireSame(t, all[i:], read(t, again))
		require.Zero(t, again.Damage())
		again.Close()
	}
}

func TestFindBySequence(t *testing.T) {
	disk, all := several(t) // 3 segments of 6 points
	l := open(t, plain(disk))
	for sequence := uint64(0); sequence < 25; sequence++ {
		p := l.Find(sequence)
		require.GreaterOrEqual(t, max(p.Next, 1), min(sequence, 19))
		r := l.Reader(p)
		var want []Record
		for _, record := range all {
			if record.Next() > sequence {
				want = append(want, record)
			}
		}
		requireSame(t, want, read(t, r))
		r.Close()
	}
	require.Equal(t, uint64(2), l.Find(7).Segment)
	require.Equal(t, uint64(1), l.Find(6).Segment)
	require.NoError(t, l.Release(l.Find(12)))
	require.Equal(t, uint64(7), l.Tail().Next)
}

func TestRecordsThatDoNotFollowAreRefused(t *testing.T) {
	l := open(t, plain(newMemDisk()))
	require.ErrorIs(t, l.Append(Record{First: 0, Count: 1}), ErrOrder)
	require.ErrorIs(t, l.Append(Record{First: math.MaxUint64, Count: 1}), ErrOrder)
	require.NoError(t, l.Append(records(5, 10)...))
	for _, bad := range [][]Record{
		records(4, 1), records(5, 1), records(6, 1), records(8, 1), // 7 is next
		append(records(7, 1, 1), records(10, 1)...),
	} {
		require.ErrorIs(t, l.Append(bad...), ErrOrder)
	}
	require.NoError(t, l.Append(Record{First: 7}, Record{First: 7}, Record{First: 7, Count: 1}))
	got, damage := readAll(t, l)
	require.Len(t, got, 4)
	require.Zero(t, damage)
}

func TestRecordLargerThanASegmentIsRefused(t *testing.T) {
	l := open(t, plain(newMemDisk()))
	most := 1<<20 - recordsFrom - recordHeader
	var large *TooLargeError
	require.ErrorAs(t, l.Append(records(1, most+1)...), &large)
	require.Equal(t, int64(1<<20-recordsFrom), large.Limit)
	require.Greater(t, large.Bytes, large.Limit)
	require.ErrorAs(t, l.SetHead(Record{Payload: make([]byte, 1<<19)}), &large)
	require.NoError(t, l.Append(records(1, most)...))
	requireAll(t, l, records(1, most))
}

func TestSegmentSizes(t *testing.T) {
	content := make([]byte, largestSegment)
	for _, c := range []struct {
		name            string
		capBytes, free  int64
		size, recordMax int64
	}{
		{"no cap", 0, 1 << 40, 64 << 20, 64 << 20},
		{"large cap", 1 << 40, 1 << 40, 64 << 20, 64 << 20},
		{"an eighth of the cap", 40 << 20, 1 << 40, 5 << 20, 5 << 20},
		{"small cap", 1, 1 << 40, 1 << 20, 1 << 20},
		{"an eighth of what is free", 0, 32 << 20, 4 << 20, 64 << 20},
		{"nothing free", 0, 0, 1 << 20, 64 << 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			disk := newMemDisk()
			disk.free = c.free
			l := open(t, Options{Owner: "o", Encoding: "e", Cap: c.capBytes, Disk: disk})
			next := uint64(1)
			add := func(size int64) error {
				next++
				return l.Append(Record{First: next - 1, Count: 1, Payload: content[:size]})
			}
			for len(l.Segments()) < 2 {
				require.NoError(t, add(100<<10))
			}
			first := l.Segments()[0]
			require.LessOrEqual(t, first.Bytes, c.size)
			require.Greater(t, first.Bytes, c.size-101<<10)
			// A full disk makes segments small, but refuses no record for its size.
			require.NoError(t, add(c.recordMax-recordsFrom-recordHeader))
			var large *TooLargeError
			require.ErrorAs(t, add(c.recordMax-recordsFrom-recordHeader+1), &large)
		})
	}
}

// An Append of more than a segment takes is published at once, from several segments.
func TestAppendOverSeveralSegments(t *testing.T) {
	disk := newMemDisk()
	l := open(t, plain(disk))
	all := records(1, 100, 300<<10, 500<<10, 400<<10, 1000<<10, 10, 700<<10, 20)
	require.NoError(t, l.Append(all...))
	require.Len(t, l.Segments(), 4)
	requireAll(t, l, all)
	for i, s := range l.Segments() {
		require.Equal(t, uint64(i+1), s.Number)
		require.True(t, s.Readable)
		require.Equal(t, "v1", s.Encoding)
		require.NotZero(t, s.Points())
		require.WithinDuration(t, time.Now(), s.Begun, time.Minute)
	}
	require.Equal(t, uint64(16), l.Segments()[3].Next-l.Segments()[0].First)
	require.NoError(t, l.Close())
	again := open(t, plain(disk))
	require.Equal(t, l.Segments(), again.Segments())
	require.Equal(t, l.End(), again.End())
	requireAll(t, again, all)
}

func TestHeadOfEachSegment(t *testing.T) {
	disk := newMemDisk()
	l := open(t, plain(disk))
	head := []Record{{First: 77, Count: 5, Schema: 9, Payload: []byte("ring 1")}, {Schema: 8}}
	require.NoError(t, l.SetHead(head...))
	put(t, l, records(1, 10, 10))
	l.Seal()
	require.NoError(t, l.SetHead(Record{Schema: 9, Payload: []byte("ring 2")}))
	put(t, l, records(5, 10))
	require.Equal(t, uint64(77), head[0].First, "not the caller's")

	for range 2 {
		got, damage := readAll(t, l)
		require.Zero(t, damage)
		var schemas []uint8
		for _, r := range got {
			if r.Count == 0 {
				schemas = append(schemas, r.Schema)
			}
		}
		require.Equal(t, []uint8{9, 8, 9}, schemas)
		require.Equal(t, "ring 2", string(got[4].Payload))
		require.Equal(t, uint64(5), got[4].First)
		require.NoError(t, l.Close())
		l = open(t, plain(disk))
	}
}

// What power loss took from the end of the log does not come back under a number or
// a position that a mark has passed.
func TestAppendsLieBehindAfter(t *testing.T) {
	disk := newMemDisk()
	mark := Position{Segment: 41, Offset: 9000, Next: 901}
	o := plain(disk)
	o.After = mark
	l := open(t, o)
	require.Equal(t, mark, l.End())
	require.ErrorIs(t, l.Append(records(900, 1)...), ErrOrder)
	require.NoError(t, l.Append(records(901, 1)...))
	require.Equal(t, uint64(42), l.End().Segment)
	r := l.Reader(mark)
	defer r.Close()
	require.Len(t, read(t, r), 1)
	require.Zero(t, r.Damage())
	require.NoError(t, l.Close())

	// A mark in the middle of what is there changes nothing, one behind it does.
	o.After = Position{Segment: 42, Offset: recordsFrom, Next: 901}
	require.Equal(t, uint64(903), open(t, o).End().Next)
	o.After = Position{Segment: 42, Offset: 1 << 19, Next: 1000}
	l = open(t, o)
	require.Equal(t, o.After, l.End())
	require.NoError(t, l.Append(records(1000, 1)...))
	require.Equal(t, uint64(43), l.End().Segment)
	r = l.Reader(o.After)
	defer r.Close()
	require.Len(t, read(t, r), 1)
	require.Zero(t, r.Damage())
}

func TestErrorsSayWhatToDo(t *testing.T) {
	for _, bad := range []Options{
		{Encoding: "e"}, {Owner: "o"},
		{Owner: strings.Repeat("o", 65), Encoding: "e"}, {Owner: "o", Encoding: strings.Repeat("e", 65)},
	} {
		_, err := Open(dir, bad)
		require.ErrorContains(t, err, "cannot open the log in log")
	}
	disk := newFaultyDisk(newMemDisk())
	disk.fault = func(int, string) (int, error) { return 0, syscall.EIO }
	_, err := Open(dir, plain(disk))
	require.ErrorContains(t, err, "cannot list the directory log: input/output error; check that disk and its mount")

	disk.fault = func(int, string) (int, error) { return 0, nil }
	l := open(t, plain(disk))
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT, &fs.PathError{Err: syscall.ENOSPC}} {
		disk.fault = func(int, string) (int, error) { return 0, full }
		err := l.Append(records(1, 10)...)
		require.ErrorIs(t, err, ErrFull)
		require.ErrorIs(t, err, full)
		require.ErrorContains(t, err, "free space on that disk")
	}
	disk.fault = func(int, string) (int, error) { return 0, syscall.EIO }
	err = l.Append(records(1, 10)...)
	require.ErrorIs(t, err, syscall.EIO)
	require.NotErrorIs(t, err, ErrFull)

	require.NoError(t, l.Close())
	require.ErrorIs(t, l.Append(records(1, 10)...), os.ErrClosed)
	require.ErrorIs(t, l.Release(Position{}), os.ErrClosed)
	_, _, err = l.Drop()
	require.ErrorIs(t, err, os.ErrClosed)
}
