package segment

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSeedsDiffer(t *testing.T) {
	seen := map[uint32]bool{}
	for number := range uint64(1000) {
		for _, owner := range []string{"journal", "graph/graph-00/10.0.0.1_6070/0", "graph/graph-00/10.0.0.1_6070/1"} {
			for _, salt := range []uint32{0, 1 << 31} {
				seen[generation{number, salt}.seed(owner)] = true
			}
		}
	}
	require.Len(t, seen, 6000)
}

func TestFileNames(t *testing.T) {
	require.Equal(t, "0000000042-0000beef.seg", generation{42, 0xbeef}.file(segmentSuffix))
	for _, name := range []string{"0000000001-00000000.seg", "0000000042-ffffffff.spare", "4999999999-0000beef.seg"} {
		g, suffix, ok := parseName(name)
		require.True(t, ok, name)
		require.Equal(t, name, g.file(suffix))
	}
	for _, name := range []string{
		"", ".seg", "1-1.seg", "0000000000-00000000.seg", "000000001-00000000.seg", "00000000001-00000000.seg",
		"5000000000-00000000.seg", "9999999999-00000000.seg", "0000000001-00000000", "0000000001-00000000.SEG",
		"0000000001-00000000.seg~", "0000000001-00000000.seg.seg", "+000000001-00000000.seg", "lock",
		"0000000001.seg", "0000000001-0000000g.seg", "0000000001-0000BEEF.seg", "0000000001-0x000001.seg",
		"0000000001-000000001.seg",
	} {
		_, _, ok := parseName(name)
		require.False(t, ok, name)
	}
}

// After a power cut a number may be given a second time. What was written under it the
// first time, in a file that has its old name again, is not taken for the second.
func TestNumberGivenTwice(t *testing.T) {
	write := func(disk *memDisk, salt uint32, sizes ...int) {
		o := sparing(disk, 1)
		o.salt = func() uint32 { return salt }
		require.NoError(t, open(t, o).Append(records(3, sizes...)...))
	}
	disk := newMemDisk()
	l := open(t, sparing(disk, 1))
	put(t, l, records(1, 900<<10))
	l.Seal()
	require.NoError(t, l.Release(l.End()))
	require.Equal(t, []string{"0000000001-00000000.spare"}, disk.fileNames())

	write(disk, 1, 8, 8, 8, 8, 8)
	require.NoError(t, disk.Rename(dir+"/0000000002-00000001.seg", dir+"/0000000001-00000000.spare"))
	write(disk, 2, 8, 8)
	require.Equal(t, []string{"0000000002-00000002.seg"}, disk.fileNames())
	requireAll(t, open(t, plain(disk)), records(3, 8, 8))
}
