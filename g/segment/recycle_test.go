package segment

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sparing returns the options of a log that keeps up to n spares.
func sparing(disk Disk, n int) Options {
	o := plain(disk)
	o.Spare = n
	return o
}

// spareFiles returns the names of the spares.
func (d *memDisk) spareFiles() []string {
	return slices.DeleteFunc(d.fileNames(), func(name string) bool { return !strings.HasSuffix(name, spareSuffix) })
}

func TestSparesAreWrittenAgain(t *testing.T) {
	disk := newMemDisk()
	l := open(t, sparing(disk, 2))
	next := uint64(1)
	add := func(n int) []Record {
		all := records(next, slices.Repeat([]int{100 << 10}, n)...)
		next += uint64(2 * n)
		put(t, l, all)
		return all
	}
	add(45) // 5 segments
	require.Len(t, l.Segments(), 5)
	require.NoError(t, l.Release(l.End()))
	require.Len(t, l.Segments(), 1)
	require.Equal(t, []string{"0000000001-00000000.spare", "0000000002-00000000.spare"}, disk.spareFiles())

	// They are found again, and used before a fresh file is made.
	require.NoError(t, l.Close())
	l = open(t, sparing(disk, 2))
	require.Empty(t, l.Report().Findings)
	all := add(25)
	require.Equal(t, uint64(8), l.End().Segment)
	require.Empty(t, disk.spareFiles())
	requireAll(t, l, append(records(l.Tail().Next, slices.Repeat([]int{100 << 10}, 5)...), all...))

	// Too many of them go.
	require.NoError(t, l.Release(l.End()))
	require.Len(t, disk.spareFiles(), 2)
	require.NoError(t, l.Close())
	l = open(t, sparing(disk, 1))
	require.NoError(t, l.Release(l.End()))
	require.Len(t, disk.spareFiles(), 1)
}

// Spares must not take the place that the cap leaves, nor be too short to be of use.
func TestSparesWithinTheCap(t *testing.T) {
	disk := newMemDisk()
	l := open(t, sparing(disk, 100))
	for i := range uint64(90) {
		put(t, l, records(1+2*i, 100<<10))
	}
	require.Len(t, l.Segments(), 9)
	require.Greater(t, l.Bytes(), int64(8<<20)) // nobody drops
	for range 4 {
		_, _, err := l.Drop()
		require.NoError(t, err)
	}
	require.Len(t, disk.spareFiles(), 3, "the first one made room")
	require.NoError(t, l.Release(l.End()))
	held := l.Bytes()
	for _, name := range disk.spareFiles() {
		held += int64(len(disk.content(name)))
	}
	require.LessOrEqual(t, held, int64(8<<20))
	require.Len(t, disk.spareFiles(), 7)

	disk = newMemDisk()
	l = open(t, sparing(disk, 100))
	put(t, l, records(1, 10))
	l.Seal()
	require.NoError(t, l.Release(l.End()))
	require.Empty(t, disk.fileNames())
}

// recycled returns a disk with a segment that was another one before, both with
// records at other places, what that file held before, and the new records.
func recycled(t *testing.T) (disk *memDisk, former []byte, now []Record) {
	t.Helper()
	disk = newMemDisk()
	l := open(t, sparing(disk, 1))
	put(t, l, records(1, 0, 8, 40, 16, 24, 8, 8, 8, 8, 8, 0, 0, 600<<10))
	l.Seal()
	require.NoError(t, l.Release(l.End()))
	former = slices.Clone(disk.content("0000000001-00000000.spare"))
	now = records(l.End().Next, 8, 8, 40, 9, 100, 8)
	put(t, l, now)
	require.Equal(t, []string{seg2}, disk.fileNames())
	require.Len(t, disk.content(seg2), len(former))
	require.Equal(t, int64(len(former)), l.Bytes())
	return disk, former, now
}

// What a recycled segment held before never validates, wherever writing was cut off.
func TestFormerContentAtEachCut(t *testing.T) {
	disk, former, now := recycled(t)
	content := disk.content(seg2)
	where, _ := extents(t, disk)
	end := where[now[len(now)-1].First].to
	whole := slices.Clone(content[:end])
	for cut := int64(recordsFrom); cut <= end; cut++ {
		copy(content, whole[:cut])
		copy(content[cut:], former[cut:])
		var want []Record
		for _, r := range now {
			// Chance may have put the right bytes behind the cut.
			used := where[r.First].from + recordHeader + int64(len(r.Payload))
			if slices.Equal(content[:used], whole[:used]) {
				want = append(want, r)
			}
		}
		l := open(t, plain(disk))
		requireAll(t, l, want)
	}
}

// At a cut within the headers the segment is the former one, or none.
func TestFormerHeaderAtEachCut(t *testing.T) {
	disk, former, now := recycled(t)
	content := disk.content(seg2)
	whole := slices.Clone(content)
	for cut := range recordsFrom {
		if cut > headerBytes && cut < secondCopy || cut > secondCopy+headerBytes {
			continue
		}
		copy(content, former[:recordsFrom])
		copy(content, whole[:cut])
		l := open(t, plain(disk))
		got, _ := readAll(t, l)
		if len(l.Segments()) == 0 || !l.Segments()[0].Readable {
			require.Empty(t, got)
		} else {
			requireSame(t, now, got)
		}
		require.Equal(t, uint64(2), l.number)
	}
}

// A recycled segment is as long as before. A clean end gives back what it does not
// use, a crash does not.
func TestCloseCutsTheRecycledSegment(t *testing.T) {
	disk := newMemDisk()
	l := open(t, sparing(disk, 1))
	put(t, l, records(1, 600<<10))
	l.Seal()
	require.NoError(t, l.Release(l.End()))
	put(t, l, records(3, 10))
	require.Greater(t, l.Bytes(), int64(600<<10))
	crashed := open(t, sparing(disk.copied(), 1))
	require.Greater(t, crashed.Bytes(), int64(600<<10))
	require.NoError(t, l.Close())
	requireAll(t, crashed, records(3, 10))
	again := open(t, sparing(disk, 1))
	require.Less(t, again.Bytes(), int64(10<<10))
	requireAll(t, again, records(3, 10))
}

// A reader that stands in a segment while it is recycled never takes the new content
// for the old, nor for damage.
func TestReaderInARecycledSegment(t *testing.T) {
	disk := newMemDisk()
	o := sparing(disk, 2)
	o.ReadAhead = 4 << 10
	l := open(t, o)
	all := records(1, slices.Repeat([]int{10 << 10}, 150)...)
	put(t, l, all)
	require.Len(t, l.Segments(), 2)
	r := l.Reader(Position{})
	defer r.Close()
	for i := range 3 {
		got, _, err := r.Next()
		require.NoError(t, err)
		require.True(t, same(all[i], got))
	}
	gone, _, err := l.Drop()
	require.NoError(t, err)
	more := records(l.End().Next, slices.Repeat([]int{7 << 10}, 150)...)
	put(t, l, more)
	require.Equal(t, uint64(3), l.End().Segment)
	require.Equal(t, []string{seg2, seg3}, disk.fileNames(), "the first became the third")
	requireSame(t, append(all[(gone.Next-1)/2:], more...), read(t, r))
	require.Zero(t, r.Damage())
}

// A crash between the steps of recycling leaves no segment that is none.
func TestCrashWhileRecycling(t *testing.T) {
	for step := range 2 {
		disk, _, now := recycled(t)
		h := header{generation: generation{number: 3}, first: 99, owner: plain(disk).Owner, encoding: "v1"}
		disk.put("0000000001-00000000.spare", make([]byte, 600<<10))
		if step == 1 { // the header is written, the name not yet given
			copy(disk.content("0000000001-00000000.spare"), h.pages())
		}
		l := open(t, plain(disk))
		require.Empty(t, l.Report().Findings)
		requireAll(t, l, now)
		require.NoError(t, disk.Remove(filepath.Join(dir, seg2)))
	}
}

// The same, where the segment is given up within the call that reads it.
func TestSegmentRecycledWhileItIsRead(t *testing.T) {
	below := newMemDisk()
	disk := newFaultyDisk(below)
	l := open(t, sparing(disk, 1))
	put(t, l, records(1, slices.Repeat([]int{100 << 10}, 12)...))
	more := records(25, slices.Repeat([]int{70 << 10}, 12)...)
	r := l.Reader(Position{})
	defer r.Close()
	disk.fault = func(_ int, call string) (int, error) {
		if call != "read "+seg1 {
			return 0, nil
		}
		disk.fault = func(int, string) (int, error) { return 0, nil }
		disk.mu.Unlock()
		defer disk.mu.Lock()
		_, _, err := l.Drop()
		require.NoError(t, err)
		require.NoError(t, l.Append(more...))
		return 0, nil
	}
	requireSame(t, append(records(21, 100<<10, 100<<10), more...), read(t, r))
	require.Zero(t, r.Damage())
	require.Equal(t, []string{seg2, seg3}, below.fileNames())
}
