package journal

import (
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
)

// failing returns a hook by which these calls fail.
func failing(err error, calls ...string) func(string) error {
	return func(do string) error {
		for _, c := range calls {
			if c == do {
				return err
			}
		}
		return nil
	}
}

// A full disk: nothing is taken, the disk is asked once a second, the numbers go on,
// and when there is room again the journal says so once the points of that time lie
// elsewhere.
func TestFullDisk(t *testing.T) {
	b := newRig(t, Options{})
	b.append(5)
	b.disk.set(failing(syscall.ENOSPC, "write"))
	_, err := b.Append(record("c", 0, 3))
	require.ErrorIs(t, err, segment.ErrFull)
	require.ErrorIs(t, b.Trouble(), segment.ErrFull)
	first := b.Pass(3)
	require.Greater(t, first, uint64(5))
	b.Done(first)
	writes := b.disk.count("write")
	for range 10 {
		_, err := b.Append(record("c", 0, 3))
		require.ErrorIs(t, err, segment.ErrFull)
	}
	require.Equal(t, writes, b.disk.count("write"), "not asked again so soon")
	last, open := b.Bounds()
	require.Equal(t, first+2, last)
	require.Equal(t, last+1, open, "what was refused is not open")
	b.wait(tryAgain)
	_, err = b.Append(record("c", 0, 3))
	require.ErrorIs(t, err, segment.ErrFull)
	require.Greater(t, b.disk.count("write"), writes)

	b.disk.set(nil)
	_, err = b.Append(record("c", 0, 3))
	require.ErrorIs(t, err, segment.ErrFull, "until it is tried again")
	b.wait(tryAgain)
	again := b.append(4)
	require.Greater(t, again, first+2)
	require.ErrorContains(t, b.Trouble(), "memory")
	require.Equal(t, first+2, b.Exposed())
	require.NoError(t, b.Release(first+1))
	require.Error(t, b.Trouble())
	require.NoError(t, b.Release(first+2))
	require.NoError(t, b.Trouble())

	for range 2 {
		all := b.replay(1)
		require.Equal(t, []uint64{1, again}, all.firsts)
		require.Zero(t, all.lost, "what was never written is not lost by the journal")
		b.crash()
	}
}

// Points are numbered while the disk is gone, marks pass them, and the next process
// gives none of their numbers again: else it would take new points for delivered ones.
func TestNumbersOutliveTheTrouble(t *testing.T) {
	b := newRig(t, Options{})
	b.append(5)
	b.disk.set(failing(syscall.EIO, "write"))
	_, err := b.Append(record("c", 0, 3))
	require.ErrorIs(t, err, syscall.EIO)
	b.Done(b.Pass(1000))
	last, _ := b.Bounds()
	b.disk.set(nil)
	b.crash()
	require.Equal(t, last+1, b.append(3))
	all := b.replay(1)
	require.Equal(t, []uint64{1, last + 1}, all.firsts)
	require.Zero(t, all.lost)
}

// The journal's directory may be lost too: then the stored position says where the
// numbers go on.
func TestLostJournal(t *testing.T) {
	b := newRig(t, Options{})
	b.append(5)
	after := b.Position()
	require.NoError(t, b.Close())
	require.NoError(t, os.RemoveAll(b.dir))
	b.reopen(Options{After: after})
	require.Empty(t, b.replay(1).firsts)
	require.Equal(t, uint64(6), b.append(1))
	require.Equal(t, []uint64{6}, b.replay(1).firsts)
	require.Greater(t, b.Position().Segment, after.Segment)
}

// A routing that could not be written stands before the next points all the same.
func TestRoutingInTrouble(t *testing.T) {
	b := newRig(t, Options{})
	require.NoError(t, b.SetRouting([]byte("old")))
	b.append(1)
	b.disk.set(failing(syscall.EIO, "write"))
	require.ErrorIs(t, b.SetRouting([]byte("new")), syscall.EIO)
	require.Error(t, b.Trouble())
	b.disk.set(nil)
	b.wait(tryAgain)
	b.append(1)
	require.NoError(t, b.Trouble())
	require.Equal(t, []string{"old", "new"}, b.replay(1).routings)
	require.ErrorContains(t, b.SetRouting(make([]byte, 32<<20)), "head")
}

// In Sync mode nothing is acknowledged that is not durable.
func TestSyncMode(t *testing.T) {
	b := newRig(t, Options{Sync: true})
	b.append(5)
	synced := b.disk.count("sync")
	require.Positive(t, synced)
	b.disk.set(failing(syscall.EIO, "sync"))
	_, err := b.Append(record("c", 0, 3))
	require.ErrorIs(t, err, syscall.EIO)
	require.ErrorIs(t, b.Trouble(), syscall.EIO)
	last, open := b.Bounds()
	require.Equal(t, last+1, open)
	b.disk.set(nil)
	b.wait(tryAgain)
	b.append(2)
	require.NoError(t, b.Trouble(), "what failed was refused")
	require.Greater(t, b.disk.count("sync"), synced+1)
	all := b.replay(1)
	require.Equal(t, uint64(1), all.firsts[0])
	require.Zero(t, all.lost)
}

// In journal mode a sync that fails behind the writers' backs makes what was written
// so far doubtful.
func TestSyncFails(t *testing.T) {
	b := newRig(t, Options{})
	b.append(5)
	b.disk.set(failing(syscall.EIO, "sync"))
	b.sync()
	require.ErrorIs(t, b.Trouble(), syscall.EIO)
	b.append(2) // into another segment
	b.disk.set(nil)
	b.sync()
	require.ErrorContains(t, b.Trouble(), "memory")
	require.Equal(t, uint64(5), b.Exposed())
	require.NoError(t, b.Release(5))
	require.NoError(t, b.Trouble())
}

// A place that cannot be read costs what lies there, and a disk that gives nothing
// does not hold the start up.
func TestReplayOfABadDisk(t *testing.T) {
	b := newRig(t, Options{})
	for range 100 { // more than the bad places that are passed
		b.append(200)
	}
	reads := 0
	b.disk.set(func(do string) error {
		if reads++; do == "read" && reads == 1 {
			return syscall.EIO
		}
		return nil
	})
	all := b.replay(1)
	require.NotZero(t, all.lost)
	require.Equal(t, 20_000, len(all.points)+int(all.lost))
	b.disk.set(failing(syscall.EIO, "read"))
	_, err := b.Replay(1, func(*Entry) error { return nil })
	require.ErrorIs(t, err, syscall.EIO)
}

// The first of those that wait writes for all; if it fails, it fails for all.
func TestGroup(t *testing.T) {
	for _, fails := range []bool{false, true} {
		b := newRig(t, Options{})
		b.append(1)
		held, release := make(chan struct{}), make(chan struct{})
		var once sync.Once
		b.disk.set(func(do string) error {
			if do == "write" {
				once.Do(func() { close(held); <-release })
			}
			return nil
		})
		const waiting = 20
		errs := make(chan error, waiting+1)
		var group sync.WaitGroup
		request := func(n int) {
			group.Go(func() {
				first, err := b.Append(record("c", 10*n, 10*n+10))
				if err == nil {
					b.Done(first)
				}
				errs <- err
			})
		}
		request(0)
		<-held
		for n := range waiting {
			request(n + 1)
		}
		require.Eventually(t, func() bool {
			b.mu.Lock()
			defer b.mu.Unlock()
			return len(b.waiting) == waiting
		}, 10*time.Second, time.Millisecond)
		writes := b.disk.count("write")
		if fails {
			b.disk.set(failing(syscall.ENOSPC, "write"))
		}
		close(release)
		group.Wait()
		require.Equal(t, writes+1, b.disk.count("write"))
		close(errs)
		failed := 0
		for err := range errs {
			if err != nil {
				require.ErrorIs(t, err, segment.ErrFull)
				failed++
			}
		}
		b.disk.set(nil)
		if fails {
			require.Equal(t, waiting, failed)
			require.Len(t, b.replay(1).firsts, 2)
			continue
		}
		require.Zero(t, failed)
		require.Len(t, b.replay(1).points, 1+10*(waiting+1))
	}
}
