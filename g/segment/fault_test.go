package segment

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// scenario uses a log in all ways, tries again what fails, and returns the records
// that were not released. Each fault may fail one call of the disk.
type scenario struct {
	t    *testing.T
	log  *Log
	live []Record
	next uint64
}

// small returns the options of a log with two spares that writes segments of 32 KiB.
func small(disk Disk) Options {
	o := sparing(disk, 2)
	o.Cap, o.smallest = 256<<10, 32<<10
	return o
}

// again calls do until it succeeds, and returns its first error.
func (s *scenario) again(do func() error) error {
	first := do()
	for err, i := first, 0; err != nil; i++ {
		require.Less(s.t, i, 3)
		err = do()
	}
	return first
}

func (s *scenario) put(sizes ...int) {
	r := records(s.next, sizes...)
	s.next += uint64(2 * len(sizes))
	_ = s.again(func() error { return s.log.Append(r...) })
	s.live = append(s.live, r...)
	require.Equal(s.t, s.next, s.log.End().Next)
}

func (s *scenario) release(records int) {
	r := s.log.Reader(s.log.Tail())
	defer r.Close()
	for i := range records {
		got, _, err := r.Next()
		if err != nil {
			got, _, err = r.Next()
		}
		require.NoError(s.t, err)
		require.True(s.t, same(s.live[i], got))
	}
	_ = s.log.Release(r.Position()) // which leaves a file, but not in the log
	for s.live[0].First < s.log.Tail().Next {
		s.live = s.live[1:]
	}
}

// run takes some 60 calls of the disk.
func (s *scenario) run() {
	s.next = 1
	s.put(100, 200)
	s.put(9000, 10)
	s.put(10000, 20, 30)
	s.put(9000) // the second segment
	_ = s.log.Sync()
	s.put(9000, 5000, 9000, 10) // the third within
	s.release(8)
	_ = s.log.Sync()
	s.put(50)
	s.put(22000, 40) // into a recycled one
	s.put(15000, 22000, 17000)
	_ = s.log.Sync()
	s.put(10)
}

func runOn(t *testing.T, disk Disk) *scenario {
	s := &scenario{t: t, log: open(t, small(disk))}
	s.run()
	return s
}

// check reads the log as it is and as another process finds it.
func (s *scenario) check(disk *memDisk) {
	requireAll(s.t, s.log, s.live)
	again := open(s.t, small(disk.copied()))
	// A file that could not be removed is back, before what the owner's mark is at.
	r := again.Reader(again.Find(s.live[0].First))
	defer r.Close()
	requireSame(s.t, s.live, read(s.t, r))
	require.Zero(s.t, r.Damage())
	require.Equal(s.t, s.next, again.End().Next)
	require.NoError(s.t, again.Append(records(s.next, 10)...))
}

// Each call of the disk fails once, in several ways: what was being done can be tried
// again, and the log is as if nothing had been.
func TestEachCallFailsOnce(t *testing.T) {
	below := newMemDisk()
	disk := newFaultyDisk(below)
	s := runOn(t, disk)
	calls := slices.Clone(disk.calls)
	s.check(below)
	require.Greater(t, len(calls), 40)
	for _, do := range []string{"create", "reuse", "rename", "write", "datasync", "syncdir", "open", "read"} {
		require.True(t, slices.ContainsFunc(calls, func(c string) bool { return strings.HasPrefix(c, do+" ") }), do)
	}
	for n, call := range calls {
		ways := []int{0}
		if strings.HasPrefix(call, "write ") {
			ways = []int{0, 1, 31, 32, 100, 150, 4096, 8191, 1 << 20}
		}
		if strings.HasPrefix(call, "list ") {
			continue // Open fails
		}
		for _, written := range ways {
			t.Run(fmt.Sprint(n, " ", call, " ", written), func(t *testing.T) {
				below := newMemDisk()
				disk := newFaultyDisk(below)
				disk.fault = func(i int, _ string) (int, error) {
					if i == n {
						return written, syscall.EIO
					}
					return 0, nil
				}
				runOn(t, disk).check(below)
			})
		}
	}
}

// With each call, all that would undo it fails too: then the log goes on elsewhere.
func TestEachCallFailsAndCannotBeUndone(t *testing.T) {
	below := newMemDisk()
	disk := newFaultyDisk(below)
	runOn(t, disk)
	for n, call := range disk.calls {
		if !strings.HasPrefix(call, "write ") && !strings.HasPrefix(call, "rename ") {
			continue
		}
		for _, written := range []int{0, 31, 150, 9000, 1 << 20} {
			t.Run(fmt.Sprint(n, " ", call, " ", written), func(t *testing.T) {
				below := newMemDisk()
				disk := newFaultyDisk(below)
				failed := false
				disk.fault = func(i int, call string) (int, error) {
					undo := strings.HasPrefix(call, "truncate ") || strings.HasPrefix(call, "remove ")
					if i == n || failed && undo {
						failed = true
						return written, syscall.EIO
					}
					return 0, nil
				}
				runOn(t, disk).check(below)
				require.True(t, failed)
			})
		}
	}
}

// The process is killed before each call of the disk, and within each write: the next
// one finds all that was appended, in order, and no damage.
func TestKilledAtEachCall(t *testing.T) {
	counted := newFaultyDisk(newMemDisk())
	runOn(t, counted)
	for n, call := range counted.calls[1:] { // the first is Open's
		ways := []int{0}
		if strings.HasPrefix(call, "write ") {
			ways = []int{0, 20, 170, 5000, 8000, 300_000}
		}
		for _, written := range ways {
			below := newMemDisk()
			disk := newFaultyDisk(below)
			disk.fault = func(i int, call string) (int, error) {
				if i == n+1 && strings.HasPrefix(call, "write ") {
					return written, errKilled // and dead at the next call
				}
				if i > n {
					panic(errKilled)
				}
				return 0, nil
			}
			s := &scenario{t: t, log: open(t, small(disk))}
			s.runUntilKilled()

			l := open(t, small(below.copied()))
			require.Empty(t, l.Report().Findings)
			got, damage := readAll(t, l)
			require.Zero(t, damage, call)
			for i, r := range s.live { // what was acknowledged and not released
				at := slices.IndexFunc(got, func(g Record) bool { return g.First == r.First })
				require.GreaterOrEqual(t, at, 0, "%s: record %d", call, i)
				require.True(t, same(r, got[at]))
			}
			for i, r := range got {
				require.True(t, same(records(r.First, len(r.Payload))[0], r))
				require.True(t, i == 0 || got[i-1].Next() == r.First)
			}
			put(t, l, records(max(1, l.End().Next), 10))
		}
	}
}

var errKilled = errors.New("killed")

func (s *scenario) runUntilKilled() {
	defer func() {
		if dead := recover(); dead != nil && dead != any(errKilled) {
			panic(dead)
		}
	}()
	s.run()
}

// A record that is written in several calls is taken back whole.
func TestLargeRecordFailsPartly(t *testing.T) {
	for written := range 5 {
		for n := range 4 {
			below := newMemDisk()
			disk := newFaultyDisk(below)
			l := open(t, plain(disk))
			put(t, l, records(1, 10))
			before := len(disk.calls)
			disk.fault = func(i int, _ string) (int, error) {
				if i == before+n {
					return written * 30 << 10, syscall.ENOSPC
				}
				return 0, nil
			}
			more := records(3, 20, 100<<10, 30)
			err := l.Append(more...)
			disk.failing(0, "")
			if n == 3 { // header, payload, rest
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, ErrFull)
				requireAll(t, l, records(1, 10))
				requireAll(t, open(t, plain(below.copied())), records(1, 10))
				require.NoError(t, l.Append(more...))
			}
			requireAll(t, l, append(records(1, 10), more...))
		}
	}
}

// While the disk is full nothing gets lost or doubled, and no files pile up.
func TestFullDiskForAWhile(t *testing.T) {
	below := newMemDisk()
	disk := newFaultyDisk(below)
	s := &scenario{t: t, log: open(t, small(disk)), next: 1}
	s.put(100, 9000, 9000)
	disk.fault = func(n int, call string) (int, error) {
		switch do, _, _ := strings.Cut(call, " "); do {
		case "create", "write":
			return n % 5000, syscall.ENOSPC
		}
		return 0, nil
	}
	for range 100 {
		require.ErrorIs(t, s.log.Append(records(s.next, 5000, 9000, 20000)...), ErrFull)
		require.NoError(t, s.log.Sync())
	}
	require.Len(t, below.fileNames(), 1)
	disk.fault = func(int, string) (int, error) { return 0, nil }
	s.put(5000, 9000, 20000)
	s.check(below)
}

// An append was written, failed all the same, and cannot be undone. Another one is made
// instead of it: what is left behind that must not come back.
func TestLeftoverOfAnotherAppend(t *testing.T) {
	below := newMemDisk()
	disk := newFaultyDisk(below)
	l := open(t, plain(disk))
	put(t, l, records(1, 10))
	disk.fault = func(int, string) (int, error) { return 1 << 20, syscall.EIO }
	require.ErrorIs(t, l.Append(records(3, 8, 8, 8)...), syscall.EIO)
	disk.failing(0, "")
	all := append(records(1, 10), Record{First: 3, Count: 2, Payload: []byte("another.")})
	put(t, l, all[1:])
	requireAll(t, l, all)
	requireAll(t, open(t, plain(below)), all)
}
