package segment

import (
	"errors"
	"io"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// badPage fails each read that touches a page of the first segment.
type badPage struct {
	Disk
	page int64
}

type badFile struct {
	File
	page int64
}

func (d badPage) Open(path string) (File, error) {
	f, err := d.Disk.Open(path)
	if filepath.Base(path) != seg1 {
		return f, err
	}
	return badFile{f, d.page}, err
}

// ReadAt reads up to the page, as a disk does.
func (f badFile) ReadAt(b []byte, offset int64) (int, error) {
	from := f.page << 12
	if offset+int64(len(b)) <= from || offset >= from+1<<12 {
		return f.File.ReadAt(b, offset)
	}
	n, err := f.File.ReadAt(b[:max(0, from-offset)], offset)
	return n, errors.Join(err, syscall.EIO)
}

// readSkipping returns all records that the reader gets, where each error is tried
// again before it is skipped.
func readSkipping(t *testing.T, r *Reader) (all []Record, skips int) {
	t.Helper()
	for {
		record, _, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all, skips
		}
		if err != nil {
			require.ErrorIs(t, err, syscall.EIO)
			_, _, again := r.Next()
			require.Equal(t, err, again)
			r.Skip()
			skips++
			continue
		}
		record.Payload = slices.Clone(record.Payload)
		all = append(all, record)
	}
}

// A page that the disk will not read costs the records in it, once the owner has given
// them up.
func TestSkipBadPages(t *testing.T) {
	below := newMemDisk()
	l := open(t, plain(below))
	all := records(1, slices.Repeat([]int{3000, 100, 20000, 10}, 10)...)
	put(t, l, all)
	require.NoError(t, l.Close())
	where, _ := extents(t, below)
	for page := int64(2); page<<12 < l.End().Offset; page++ {
		var want []Record
		lost := uint64(0)
		for _, r := range all {
			used := where[r.First].from + recordHeader + int64(len(r.Payload))
			if used > page<<12 && where[r.First].from < (page+1)<<12 {
				lost += 2
			} else {
				want = append(want, r)
			}
		}
		last := want[len(want)-1].First == all[len(all)-1].First
		for _, ahead := range []int{64, 4 << 10, 1 << 20} {
			o := plain(badPage{below, page})
			o.ReadAhead = ahead
			l := open(t, o)
			require.Equal(t, []string{seg1 + ": cannot be read"}, reasons(l))
			r := l.Reader(Position{Next: 1})
			got, skips := readSkipping(t, r)
			requireSame(t, want, got)
			if last {
				require.Equal(t, lost, r.Damage().Points)
				require.LessOrEqual(t, skips, 2)
				require.Positive(t, skips)
			}
			r.Skip() // without an error it does nothing
			put(t, l, records(l.End().Next, 10))
			require.Len(t, read(t, r), 1)
			r.Close()
			require.NoError(t, l.Close())
			require.NoError(t, below.Remove(l.path(seg2)))
			forget(below)
		}
	}
}

// A reader that wants only what is not there yet waits for it.
func TestReaderBeyondTheEnd(t *testing.T) {
	disk, _ := several(t)
	l := open(t, plain(disk))
	for _, from := range []Position{{Next: 21}, {Segment: 3, Offset: 1 << 19, Next: 21}, {Segment: 77, Offset: 5, Next: 21}} {
		r := l.Reader(from)
		defer r.Close()
		_, p, err := r.Next()
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, Position{Segment: 3, Offset: l.End().Offset, Next: 21}, p)
	}
	readers := []*Reader{l.Reader(Position{Next: 21}), l.Reader(l.Find(21))}
	put(t, l, records(19, 10, 20))
	requireSame(t, records(21, 20), read(t, readers[0]))
	requireSame(t, records(19, 10, 20), read(t, readers[1]))
	require.Zero(t, readers[0].Damage())
}
