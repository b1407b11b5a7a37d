package segment

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// reasons returns what the log reports, as "name: reason".
func reasons(l *Log) []string {
	var all []string
	for _, f := range l.Report().Findings {
		all = append(all, fmt.Sprintf("%s: %s", f.Name, f.Reason))
	}
	return all
}

// put puts a file on the disk.
func (d *memDisk) put(name string, content []byte) {
	d.names[filepath.Join(dir, name)] = &memFile{disk: d, bytes: content}
	d.settle()
}

// content returns the bytes of a file, which the caller may change.
func (d *memDisk) content(name string) []byte { return d.names[filepath.Join(dir, name)].bytes }

// fileNames returns the names of all files on the disk.
func (d *memDisk) fileNames() []string {
	files, _ := d.List(dir)
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	return names
}

const (
	seg1 = "0000000001-00000000.seg"
	seg2 = "0000000002-00000000.seg"
	seg3 = "0000000003-00000000.seg"
	seg4 = "0000000004-00000000.seg"
)

func TestFilesThatAreNotOurs(t *testing.T) {
	disk, all := several(t)
	other := newMemDisk()
	o := plain(other)
	o.Owner = "somebody else"
	put(t, open(t, o), records(1, 10))

	disk.put("README", []byte("hello"))
	disk.put("manifest.json.tmp", nil)
	disk.put("0000000009-00000000.seg", []byte("garbage"))
	disk.put("0000000010-00000000.seg", nil)
	disk.put("0000000011-00000000.seg", other.content(seg1))
	disk.put("0000000012-00000000.seg", slices.Clone(disk.content(seg2))) // a copy
	disk.put("9999999999-00000000.seg", disk.content(seg2))
	was := disk.fileNames()

	for range 2 {
		l := open(t, plain(disk))
		require.Equal(t, []string{
			"0000000009-00000000.seg: bad header",
			"0000000010-00000000.seg: bad header",
			"0000000011-00000000.seg: belongs to another owner",
			"0000000012-00000000.seg: misnamed",
			"9999999999-00000000.seg: unknown file",
			"README: unknown file",
			"manifest.json.tmp: unknown file",
		}, reasons(l))
		requireAll(t, l, all)
	}
	require.Equal(t, was, disk.fileNames(), "Open changes nothing")

	l := open(t, plain(disk))
	require.NoError(t, l.Append(records(19, 10)...))
	require.Equal(t, uint64(13), l.End().Segment, "no number is used twice")
	requireAll(t, l, append(all, records(19, 10)...))
	l.Seal()
	require.NoError(t, l.Release(l.End()))
	left := disk.fileNames()
	require.NotContains(t, left, seg1)
	require.Subset(t, left, []string{"0000000009-00000000.seg", "0000000011-00000000.seg", "0000000012-00000000.seg", "README"})
	require.NotContains(t, left, "0000000010-00000000.seg", "it is empty")
}

func TestOneGoodHeaderIsEnough(t *testing.T) {
	for _, at := range []int{0, secondCopy} {
		disk, all := several(t)
		clear(disk.content(seg2)[at : at+secondCopy])
		l := open(t, plain(disk))
		require.Equal(t, []string{seg2 + ": one of two headers is bad"}, reasons(l))
		requireAll(t, l, all)
	}
}

// A segment without a header is passed over, kept, and its points are lost.
func TestSegmentWithoutHeader(t *testing.T) {
	for i, name := range []string{seg1, seg2, seg3} {
		disk, all := several(t)
		clear(disk.content(name)[:recordsFrom])
		l := open(t, plain(disk))
		require.Equal(t, []string{name + ": bad header"}, reasons(l))
		require.False(t, l.Segments()[i].Readable)
		require.Zero(t, l.Segments()[i].Points())
		require.Equal(t, uint64(19), l.End().Next, "its numbers are not given twice")

		want := slices.Delete(slices.Clone(all), 3*i, 3*i+3)
		r := l.Reader(Position{Next: 1})
		requireSame(t, want, read(t, r))
		require.Equal(t, Damage{Places: 1, Points: 6}, r.Damage())
		requireSame(t, nil, read(t, r))
		require.Equal(t, Damage{Places: 1, Points: 6}, r.Damage(), "counted once")

		require.NoError(t, l.Append(records(19, 10)...))
		require.Len(t, read(t, r), 1)
		require.Equal(t, Damage{Places: 1, Points: 6}, r.Damage())
		r.Close()
		require.NoError(t, l.Release(l.End()))
		require.Contains(t, disk.fileNames(), name)
		_, ok, err := l.Drop()
		require.NoError(t, err)
		require.True(t, ok)
		require.NotContains(t, disk.fileNames(), name, "Drop takes all")
	}
}

func TestOtherEncodings(t *testing.T) {
	disk, all := several(t) // v1
	o := plain(disk)
	o.Encoding = "v2"
	l := open(t, o)
	require.Equal(t, []string{seg1 + ": other encoding", seg2 + ": other encoding", seg3 + ": other encoding"}, reasons(l))
	require.Equal(t, uint64(19), l.End().Next)
	put(t, l, records(19, 10, 20))
	require.Equal(t, uint64(4), l.End().Segment)
	require.Equal(t, "v2", l.Encoding())
	r := l.Reader(Position{Next: 1})
	requireSame(t, records(19, 10, 20), read(t, r))
	require.Equal(t, "v2", r.Encoding())
	require.Zero(t, r.Damage(), "what is kept is not lost")
	r.Close()
	require.Equal(t, uint64(6), l.Segments()[0].Points())
	l.Seal()
	require.NoError(t, l.Release(l.End()))
	require.Equal(t, []string{seg1, seg2, seg3}, disk.fileNames())
	require.NoError(t, l.Close())

	// Asked for, they are read like others.
	o.Known = []string{"v0", "v1"}
	l = open(t, o)
	require.Empty(t, reasons(l))
	r = l.Reader(Position{})
	defer r.Close()
	requireSame(t, all, read(t, r))
	require.Equal(t, "v1", r.Encoding())
	require.NoError(t, l.Release(r.Position()))
	require.Empty(t, disk.fileNames())
}

// Headers tell how many points are in the segments between.
func TestKeptEncodingBetweenOthers(t *testing.T) {
	disk, all := several(t)
	o := plain(disk)
	for i, encoding := range []string{"v2", "v1", "v3"} {
		o.Encoding = encoding
		put(t, open(t, o), records(uint64(19+2*i), 10))
	}
	l := open(t, plain(disk))
	r := l.Reader(Position{})
	defer r.Close()
	requireSame(t, append(all, records(21, 10)...), read(t, r))
	require.Zero(t, r.Damage())
	require.Equal(t, uint64(25), l.End().Next)
}

func TestDeletedSwappedAndCopiedSegments(t *testing.T) {
	t.Run("deleted", func(t *testing.T) {
		disk, all := several(t)
		require.NoError(t, disk.Remove(filepath.Join(dir, seg2)))
		l := open(t, plain(disk))
		require.Empty(t, reasons(l))
		got, damage := readAll(t, l)
		requireSame(t, append(slices.Clone(all[:3]), all[6:]...), got)
		require.Equal(t, Damage{Places: 1, Points: 6}, damage)
		gone, _, err := l.Drop()
		require.NoError(t, err)
		require.Equal(t, uint64(12), gone.Points(), "those of the deleted one count with it")
	})
	t.Run("oldest deleted, which a mark names", func(t *testing.T) {
		disk, all := several(t)
		require.NoError(t, disk.Remove(filepath.Join(dir, seg1)))
		l := open(t, plain(disk))
		r := l.Reader(Position{Segment: 1, Offset: recordsFrom + 32, Next: 3})
		defer r.Close()
		requireSame(t, all[3:], read(t, r))
		require.Equal(t, Damage{Places: 1, Points: 4}, r.Damage())
	})
	t.Run("all deleted", func(t *testing.T) {
		o := plain(newMemDisk())
		o.After = Position{Segment: 3, Offset: 8300, Next: 19}
		l := open(t, o)
		r := l.Reader(Position{Segment: 1, Offset: recordsFrom, Next: 1})
		defer r.Close()
		require.Empty(t, read(t, r))
		require.Equal(t, Damage{Places: 1, Points: 18}, r.Damage())
		require.Empty(t, read(t, r))
		require.Equal(t, Damage{Places: 1, Points: 18}, r.Damage())
	})
	t.Run("swapped", func(t *testing.T) {
		disk, all := several(t)
		one, two := disk.content(seg1), disk.content(seg2)
		disk.put(seg1, two)
		disk.put(seg2, one)
		l := open(t, plain(disk))
		require.Equal(t, []string{seg1 + ": misnamed", seg2 + ": misnamed"}, reasons(l))
		require.Equal(t, "its header says "+seg2, l.Report().Findings[0].Detail)
		r := l.Reader(Position{Next: 1})
		defer r.Close()
		requireSame(t, all[6:], read(t, r))
		require.Equal(t, Damage{Places: 1, Points: 12}, r.Damage())
	})
	t.Run("replaced by a copy of the one before", func(t *testing.T) {
		disk, all := several(t)
		disk.put(seg3, slices.Clone(disk.content(seg2)))
		l := open(t, plain(disk))
		require.Equal(t, []string{seg3 + ": misnamed"}, reasons(l))
		requireAll(t, l, all[:6])
		put(t, l, records(l.End().Next, 5))
		require.Equal(t, uint64(4), l.End().Segment)
		requireAll(t, l, append(slices.Clone(all[:6]), records(13, 5)...))
	})
	t.Run("a later one under an earlier name", func(t *testing.T) {
		disk, _ := several(t)
		for _, name := range []string{seg1, seg2} {
			require.NoError(t, disk.Remove(filepath.Join(dir, name)))
		}
		require.NoError(t, disk.Rename(filepath.Join(dir, seg3), filepath.Join(dir, seg2)))
		l := open(t, plain(disk))
		put(t, l, records(1, 10))
		require.Equal(t, uint64(4), l.End().Segment, "no number is used twice")
	})
	t.Run("deleted under a running log", func(t *testing.T) {
		disk, all := several(t)
		l := open(t, plain(disk))
		r := l.Reader(Position{})
		defer r.Close()
		_, _, err := r.Next()
		require.NoError(t, err)
		require.NoError(t, disk.Remove(filepath.Join(dir, seg2)))
		requireSame(t, append(slices.Clone(all[1:3]), all[6:]...), read(t, r))
		require.Equal(t, Damage{Places: 1, Points: 6}, r.Damage())
	})
}
