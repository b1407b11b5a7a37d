package segment

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// extent is where a record lies in its segment's file.
type extent struct{ from, to int64 }

// extents returns where the records lie, by their First, and in which file.
func extents(t *testing.T, disk *memDisk) (map[uint64]extent, map[uint64]string) {
	t.Helper()
	l := open(t, plain(disk))
	r := l.Reader(Position{})
	defer r.Close()
	where, file := map[uint64]extent{}, map[uint64]string{}
	for {
		record, p, err := r.Next()
		if err != nil {
			return where, file
		}
		where[record.First] = extent{p.Offset - recordBytes(len(record.Payload)), p.Offset}
		file[record.First] = filepath.Join(dir, generation{number: p.Segment}.file(segmentSuffix))
	}
}

// P9: any one damaged byte costs at most its record, everything else is read in
// order, and what is missing is counted. Only the last record of all may go unnoticed:
// it cannot be told from one that was never finished.
func TestEachBit(t *testing.T) {
	disk, all := several(t)
	where, file := extents(t, disk)
	last := all[len(all)-1].First
	for _, name := range disk.segmentFiles() {
		content := disk.names[name].bytes
		for offset := range content {
			inHeader := offset%secondCopy < headerBytes && offset < recordsFrom
			if offset < recordsFrom && !inHeader && offset%997 != 0 {
				continue // nothing but zeros that nobody reads
			}
			for bit := range 8 {
				content[offset] ^= 1 << bit
				var want []Record
				damage := Damage{}
				for _, r := range all {
					x := where[r.First]
					used := x.from + recordHeader + int64(len(r.Payload))
					if file[r.First] != name || int64(offset) < x.from || int64(offset) >= used {
						want = append(want, r)
					} else if r.First != last {
						damage = Damage{Places: 1, Points: 2, Bytes: x.to - x.from}
					}
				}
				l := open(t, plain(disk))
				got, found := readAll(t, l)
				requireSame(t, want, got)
				require.Equal(t, damage, found, "%s byte %d bit %d", name, offset, bit)
				content[offset] ^= 1 << bit
				forget(disk)
			}
		}
	}
}

// forget removes what was kept of damaged bytes.
func forget(disk *memDisk) {
	for path := range disk.names {
		if filepath.Base(filepath.Dir(path)) == damagedFolder {
			delete(disk.names, path)
		}
	}
	disk.settle()
}

// A file that is cut anywhere keeps the records before the cut.
func TestCutAnywhere(t *testing.T) {
	disk, all := several(t)
	where, file := extents(t, disk)
	for _, name := range disk.segmentFiles() {
		whole := disk.names[name].bytes
		newest := name == filepath.Join(dir, seg3)
		for size := 0; size <= len(whole); size++ {
			if size%secondCopy > headerBytes+1 && size < recordsFrom-1 {
				continue
			}
			disk.names[name].bytes = whole[:size]
			headless := size < headerBytes
			var want []Record
			for _, r := range all {
				x := where[r.First]
				used := x.from + recordHeader + int64(len(r.Payload))
				if file[r.First] != name || !headless && used <= int64(size) {
					want = append(want, r)
				}
			}
			l := open(t, plain(disk))
			r := l.Reader(Position{Next: 1})
			requireSame(t, want, read(t, r))
			if lost := 2 * uint64(len(all)-len(want)); newest {
				require.Zero(t, r.Damage(), "the log ends at its torn tail")
				require.Equal(t, 19-lost, l.End().Next)
			} else {
				require.Equal(t, lost, r.Damage().Points, "%s cut at %d", name, size)
			}
			r.Close()
			forget(disk)

			if size%5 == 0 { // and it goes on
				next := records(l.End().Next, 11, 12)
				put(t, l, next)
				again := open(t, plain(disk))
				r := again.Reader(Position{Next: 1})
				requireSame(t, append(want, next...), read(t, r))
				r.Close()
				require.NoError(t, disk.Remove(filepath.Join(dir, seg4)))
				forget(disk)
			}
		}
		disk.names[name].bytes = whole
	}
}

func TestZeroedPage(t *testing.T) {
	disk := newMemDisk()
	l := open(t, plain(disk))
	random := rand.New(rand.NewPCG(1, 2))
	var all []Record
	for range 100 {
		r := records(l.End().Next+uint64(1-min(1, len(all))), random.IntN(3000))[0]
		all = append(all, r)
		put(t, l, all[len(all)-1:])
	}
	require.NoError(t, l.Close())
	where, _ := extents(t, disk)
	content := disk.content(seg1)
	for from := 0; from < len(content); from += 4 << 10 {
		page := content[from:min(from+4<<10, len(content))]
		was := slices.Clone(page)
		clear(page)
		var want []Record
		var lost Damage
		for _, r := range all {
			x := where[r.First]
			used := x.from + recordHeader + int64(len(r.Payload))
			if used <= int64(from) || x.from >= int64(from+len(page)) {
				want = append(want, r)
				continue
			}
			lost.Points += 2
			lost.Bytes += x.to - x.from
			lost.Places = 1
		}
		if want[len(want)-1].First != all[len(all)-1].First {
			lost = Damage{} // at the end of the log
		}
		got, damage := readAll(t, open(t, plain(disk)))
		requireSame(t, want, got)
		require.Equal(t, lost, damage, "page at %d", from)
		copy(page, was)
		forget(disk)
	}
}

// What was damaged is kept for a person, told once, and bounded.
func TestDamagedBytesAreKept(t *testing.T) {
	disk := newMemDisk()
	var told bytes.Buffer
	o := plain(disk)
	o.Log = slog.New(slog.NewTextHandler(&told, nil))
	l := open(t, o)
	const size = 4 << 10
	var all []Record
	for i := range uint64(100) {
		all = append(all, records(2*i+1, size)...)
	}
	put(t, l, all)
	content := disk.content(seg1)
	stride := int(recordBytes(size))
	for i := 0; i < len(all)-1; i += 2 {
		content[recordsFrom+i*stride+100] ^= 1
	}
	got, damage := readAll(t, l)
	require.Len(t, got, 50)
	require.Equal(t, Damage{Places: 50, Points: 100, Bytes: int64(50 * stride)}, damage)
	require.Equal(t, 50, strings.Count(told.String(), "damaged bytes are passed over"))
	name := fmt.Sprintf("0000000001-00000000-%d", recordsFrom+2*stride)
	require.Contains(t, told.String(), "kept="+filepath.Join(dir, damagedFolder, name))
	kept := disk.names[filepath.Join(dir, damagedFolder, name)]
	require.Equal(t, content[recordsFrom+2*stride:recordsFrom+3*stride], kept.bytes)

	told.Reset()
	_, again := readAll(t, open(t, o))
	require.Equal(t, damage, again)
	require.Empty(t, told.String(), "said before")

	for i := 1; i < len(all)-1; i += 2 {
		content[recordsFrom+i*stride+100] ^= 1
	}
	got, damage = readAll(t, l)
	require.Len(t, got, 1)
	require.Equal(t, Damage{Places: 1, Points: 198, Bytes: int64(99 * stride)}, damage)
	files, err := disk.List(filepath.Join(dir, damagedFolder))
	require.NoError(t, err)
	require.Len(t, files, 50) // that place begins where one was kept before
}

func TestKeptBytesAreBounded(t *testing.T) {
	disk := newMemDisk()
	l := open(t, plain(disk))
	put(t, l, records(1, 900<<10, 10))
	disk.content(seg1)[recordsFrom+500] ^= 1
	_, damage := readAll(t, l)
	require.Equal(t, 1, damage.Places)
	require.Len(t, disk.names[filepath.Join(dir, damagedFolder, "0000000001-00000000-8192")].bytes, keptBytes)
	for i := range keptFiles {
		disk.put(filepath.Join(damagedFolder, fmt.Sprint("old", i)), nil)
	}
	put(t, l, records(5, 10, 10))
	disk.content(seg1)[l.End().Offset-80] ^= 1
	_, damage = readAll(t, l)
	require.Equal(t, 2, damage.Places)
	files, err := disk.List(filepath.Join(dir, damagedFolder))
	require.NoError(t, err)
	require.Len(t, files, keptFiles+1)
}

// The last record that a running log has published is known to be there: where it is
// damaged, that is no torn tail.
func TestDamageAtThePublishedEnd(t *testing.T) {
	disk := newMemDisk()
	l := open(t, plain(disk))
	all := records(1, 10, 20, 30)
	put(t, l, all)
	disk.content(seg1)[l.End().Offset-1] ^= 1 // within the padding: nothing
	requireAll(t, l, all)
	disk.content(seg1)[l.End().Offset-20] ^= 1
	r := l.Reader(Position{})
	defer r.Close()
	for range 2 {
		requireSame(t, all[:2*(1-min(1, r.Damage().Places))], read(t, r))
		require.Equal(t, Damage{Places: 1, Points: 2, Bytes: 64}, r.Damage())
	}
	put(t, l, records(7, 40))
	requireSame(t, records(7, 40), read(t, r))
	require.Equal(t, 1, r.Damage().Places)
}
