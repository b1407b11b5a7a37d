package segment

import (
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// syncs returns the calls of the disk that make something durable, and forgets all.
func (d *faultyDisk) syncs() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []string
	for _, call := range d.calls {
		if strings.HasPrefix(call, "datasync ") || strings.HasPrefix(call, "syncdir ") {
			all = append(all, call)
		}
	}
	d.calls = nil
	return all
}

// failing makes calls that begin so fail, n times.
func (d *faultyDisk) failing(n int, call string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = func(_ int, is string) (int, error) {
		if n > 0 && strings.HasPrefix(is, call) {
			n--
			return 0, syscall.EIO
		}
		return 0, nil
	}
}

func TestSyncDoesWhatIsNeeded(t *testing.T) {
	disk := newFaultyDisk(newMemDisk())
	o := plain(disk)
	o.Spare = 1
	l := open(t, o)
	require.NoError(t, l.Sync())
	require.Empty(t, disk.syncs())

	put(t, l, records(1, 10))
	require.NoError(t, l.Sync())
	require.Equal(t, []string{"datasync " + seg1, "syncdir log"}, named(disk.syncs()))
	require.NoError(t, l.Sync())
	require.Empty(t, disk.syncs())

	put(t, l, records(3, 10))
	require.NoError(t, l.Sync())
	require.Equal(t, []string{"datasync " + seg1}, named(disk.syncs()))

	// Segments that were filled meanwhile, and removed and renamed files.
	put(t, l, records(5, 500<<10, 900<<10, 900<<10))
	require.NoError(t, l.Sync())
	require.Equal(t, []string{"datasync " + seg1, "datasync " + seg2, "datasync " + seg3, "syncdir log"}, named(disk.syncs()))
	require.NoError(t, l.Release(l.End()))
	require.NoError(t, l.Sync())
	require.Equal(t, []string{"syncdir log"}, named(disk.syncs()))

	// What has been released since needs no sync.
	put(t, l, records(11, 900<<10, 900<<10))
	require.NoError(t, l.Release(l.End()))
	require.NoError(t, l.Sync())
	require.Equal(t, []string{"datasync 0000000005-00000000.seg", "syncdir log"}, named(disk.syncs()))
}

// named replaces the names under which files were made by those that they got.
func named(calls []string) []string {
	for i, call := range calls {
		calls[i] = strings.Replace(call, spareSuffix, segmentSuffix, 1)
	}
	return calls
}

// A log that nobody syncs holds few files open, and a late Sync finds them all.
func TestSyncOfClosedSegments(t *testing.T) {
	below := newMemDisk()
	below.power = true
	disk := newFaultyDisk(below)
	l := open(t, plain(disk))
	put(t, l, records(1, slices.Repeat([]int{900 << 10}, 10)...))
	open := 0
	for _, s := range l.segments {
		if s.file != nil {
			open++
		}
	}
	require.Equal(t, openSealed+1, open)
	require.NoError(t, l.Sync())
	require.Len(t, disk.syncs(), 11)
	for _, s := range l.segments {
		require.Equal(t, s.file != nil, s == l.cursor.segment)
		require.Equal(t, s.end, s.synced)
	}
	for _, name := range below.segmentFiles() {
		require.Equal(t, below.names[name].bytes, below.names[name].safe)
	}

	// One of them fails, when it is opened or synced.
	for _, call := range []string{"open ", "datasync "} {
		put(t, l, records(l.End().Next, slices.Repeat([]int{900 << 10}, 7)...))
		disk.failing(1, call)
		require.ErrorIs(t, l.Sync(), syscall.EIO)
		require.NoError(t, l.Sync())
	}
}

// After an fsync error a segment is abandoned. What was appended to it while that went
// on is not durable either: no later Sync may say so.
func TestSyncErrorAbandonsTheSegment(t *testing.T) {
	below := newMemDisk()
	disk := newFaultyDisk(below)
	l := open(t, sparing(disk, 4))
	put(t, l, records(1, 600<<10))
	disk.fault = func(_ int, call string) (int, error) {
		if strings.HasPrefix(call, "datasync ") {
			return 0, syscall.EIO
		}
		return 0, nil
	}
	err := l.Sync()
	require.ErrorIs(t, err, syscall.EIO)
	require.ErrorContains(t, err, "cannot sync "+dir+"/"+seg1)
	disk.failing(0, "")
	disk.syncs()

	put(t, l, records(3, 10))
	require.Equal(t, uint64(2), l.End().Segment, "a new one begins")
	require.NoError(t, l.Sync())
	require.Equal(t, []string{"datasync " + seg2, "syncdir log"}, named(disk.syncs()), "it is never synced again")
	all := append(records(1, 600<<10), records(3, 10)...)
	requireAll(t, l, all)

	// An append that comes while the sync fails.
	put(t, l, records(5, 10))
	disk.fault = func(_ int, call string) (int, error) {
		if !strings.HasPrefix(call, "datasync ") {
			return 0, nil
		}
		disk.fault = func(int, string) (int, error) { return 0, nil }
		disk.mu.Unlock()
		defer disk.mu.Lock()
		require.NoError(t, l.Append(records(7, 10)...))
		return 0, syscall.EIO
	}
	require.ErrorIs(t, l.Sync(), syscall.EIO)
	require.ErrorIs(t, l.Sync(), syscall.EIO, "for what was appended meanwhile")
	require.NoError(t, l.Sync())
	put(t, l, records(9, 10))
	require.Equal(t, uint64(3), l.End().Segment)
	require.NoError(t, l.Sync())
	all = append(all, records(5, 10, 10, 10)...)
	requireAll(t, l, all)

	// Nor is its file written into again.
	require.NoError(t, l.Release(l.End()))
	require.Empty(t, below.spareFiles())
}

// Without the directory a new file is not durable, whatever is in it.
func TestSyncErrorOfTheDirectory(t *testing.T) {
	disk := newFaultyDisk(newMemDisk())
	l := open(t, plain(disk))
	put(t, l, records(1, 10))
	disk.failing(1, "syncdir ")
	err := l.Sync()
	require.ErrorIs(t, err, syscall.EIO)
	require.ErrorContains(t, err, "cannot sync the directory "+dir)
	disk.syncs()
	require.NoError(t, l.Sync())
	require.Equal(t, []string{"syncdir log"}, disk.syncs())
	put(t, l, records(3, 10))
	require.Equal(t, uint64(2), l.End().Segment)
	require.NoError(t, l.Sync())
	requireAll(t, l, records(1, 10, 10))
}

// A segment that is given up while it is synced is no error.
func TestReleaseDuringSync(t *testing.T) {
	for _, sealed := range []bool{false, true} {
		disk := newFaultyDisk(newMemDisk())
		l := open(t, sparing(disk, 1))
		put(t, l, records(1, slices.Repeat([]int{900 << 10}, 8)...))
		disk.fault = func(_ int, call string) (int, error) {
			if !strings.HasPrefix(call, "datasync ") {
				return 0, nil
			}
			disk.fault = func(int, string) (int, error) { return 0, nil }
			disk.mu.Unlock()
			defer disk.mu.Lock()
			if sealed {
				l.Seal()
			}
			require.NoError(t, l.Release(l.End()))
			require.NoError(t, l.Append(records(17, 10, 900<<10)...)) // into one of them
			return 0, nil
		}
		require.NoError(t, l.Sync())
		require.NoError(t, l.Sync())
		got, damage := readAll(t, l)
		require.Zero(t, damage)
		require.Equal(t, uint64(21), got[len(got)-1].Next())
	}
}
