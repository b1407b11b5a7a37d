package sender

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
	"transfer/sender/dead"
	"transfer/sender/queue"
)

// has reports whether the Block of the call holds one of the numbers.
func (c *call) has(bad ...int) bool {
	for i := range c.b.Len() {
		if n, _ := strconv.Atoi(string(c.b.Item(i))); slices.Contains(bad, n) {
			return true
		}
	}
	return false
}

// refuses answers calls with one of the points with err.
func refuses(err error, bad ...int) func(*call) error {
	return func(c *call) error {
		if c.has(bad...) {
			return err
		}
		return nil
	}
}

func without(all []int, bad ...int) []int {
	return slices.DeleteFunc(all, func(n int) bool { return slices.Contains(bad, n) })
}

// letters returns the numbers of the dead letters, and their reasons.
func letters(t *testing.T, s *dead.Store) (numbers []int, reasons []string) {
	t.Helper()
	r, err := s.Letters("peer", segment.Position{})
	require.NoError(t, err)
	defer r.Close()
	for {
		l, _, err := r.Next()
		if errors.Is(err, io.EOF) {
			return numbers, reasons
		}
		require.NoError(t, err)
		n, err := strconv.Atoi(string(l.Item))
		require.NoError(t, err)
		require.Equal(t, uint32(n), l.Hash)
		require.Equal(t, "a:1", l.Address)
		numbers, reasons = append(numbers, n), append(reasons, l.Reason)
	}
}

// P12: of a refused Block only the guilty points are given up, the others arrive in
// order.
func TestGuiltyPointsBecomeDeadLetters(t *testing.T) {
	p := &peer{always: refuses(&Refusal{Permanent: true, Err: errors.New("bad point")}, 3, 17, 18, 61)}
	bed := newSpoolBed(t, p)
	store, err := dead.Open(t.TempDir(), dead.Options{})
	require.NoError(t, err)
	bed.dead = store
	s := bed.start(t, nil)
	putBatches(s, 0, 100)
	eventually(t, "all is settled", func() bool { return bed.target().Queued == 0 })
	require.Equal(t, without(upTo(100), 3, 17, 18, 61), p.points())
	row := bed.target()
	require.Equal(t, map[string]uint64{"dead_letter": 4}, row.Dropped)
	require.EqualValues(t, 96, row.Delivered)
	numbers, reasons := letters(t, store)
	require.Equal(t, []int{3, 17, 18, 61}, numbers)
	require.Equal(t, slices.Repeat([]string{"bad point"}, 4), reasons)
	bed.stop(t, 100)
	require.NoError(t, store.Close())
}

// An address that refuses every point is at fault itself: nothing is given up.
func TestAddressThatRefusesAllIsAtFault(t *testing.T) {
	p := &peer{always: fails(&Refusal{Permanent: true, Err: errors.New("read only")})}
	bed := newSpoolBed(t, p)
	s := bed.start(t, nil)
	putBatches(s, 0, 20)
	eventually(t, "it says so", func() bool { return bed.target().Error != "" && bed.target().Resent > 40 })
	require.Contains(t, bed.target().Error, "refuses every point")
	require.Contains(t, bed.target().Error, "read only")
	require.Empty(t, bed.target().Dropped)
	p.mu.Lock()
	p.always = nil
	p.mu.Unlock()
	eventually(t, "all arrive", func() bool { return len(p.points()) == 20 })
	// Each is a series of its own: what was refused before the address came round in the
	// midst of a judgement may come behind the part that it took first.
	require.ElementsMatch(t, upTo(20), p.points())
	bed.stop(t, 20)
}

// A temporary refusal is never poison.
func TestTemporaryRefusalKeepsThePoints(t *testing.T) {
	p := &peer{}
	for range 4 {
		p.answers = append(p.answers, fails(&Refusal{Err: errors.New("retry: full")}))
	}
	bed := newSpoolBed(t, p)
	s := bed.start(t, nil)
	putBatches(s, 0, 20)
	eventually(t, "all arrive", func() bool { return len(p.points()) == 20 })
	require.Equal(t, upTo(20), p.points())
	require.Empty(t, bed.target().Dropped)
	bed.stop(t, 20)
}

// A single refused point is judged once the next Block is there.
func TestLonelyPointIsJudgedInCompany(t *testing.T) {
	p := &peer{always: refuses(&Refusal{Permanent: true, Err: errors.New("bad point")}, 0)}
	bed := newSpoolBed(t, p)
	s := bed.start(t, nil)
	put(s, 0, 1)
	eventually(t, "it is refused", func() bool { return bed.target().Failed > 2 })
	require.Empty(t, bed.target().Dropped)
	put(s, 1, 3)
	eventually(t, "all is settled", func() bool { return bed.target().Queued == 0 })
	require.Equal(t, []int{1, 2}, p.points())
	require.Equal(t, map[string]uint64{"dead_letter": 1}, bed.target().Dropped)
	bed.stop(t, 3)
}

// A point that costs the connection each time is found, too.
func TestPointThatKillsConnections(t *testing.T) {
	p := &peer{always: refuses(errors.New("connection reset"), 13)}
	bed := newSpoolBed(t, p)
	s := bed.start(t, nil)
	putBatches(s, 0, 20)
	eventually(t, "all is settled", func() bool { return bed.target().Queued == 0 })
	require.Equal(t, without(upTo(20), 13), p.points())
	require.Equal(t, map[string]uint64{"dead_letter": 1}, bed.target().Dropped)
	bed.stop(t, 20)
}

// A backend that breaks every connection for a while gets all points in the end.
func TestBrokenConnectionsAreNoPoison(t *testing.T) {
	p := &peer{}
	for range 6 {
		p.answers = append(p.answers, fails(errors.New("connection reset")))
	}
	bed := newSpoolBed(t, p)
	s := bed.start(t, nil)
	putBatches(s, 0, 20)
	eventually(t, "all arrive", func() bool { return len(p.points()) == 20 })
	require.Equal(t, upTo(20), p.points())
	require.Empty(t, bed.target().Dropped)
	bed.stop(t, 20)
}

// Where a group has several addresses, one that refuses everything for good hands over
// to the next.
func TestGroupLeavesAnAddressThatRefusesAll(t *testing.T) {
	p := &peer{always: func(c *call) error {
		if c.conn.address == "a:1" {
			return &Refusal{Permanent: true, Err: errors.New("read only")}
		}
		return nil
	}}
	s := start(t, p, "a:1", "b:1")
	put(s, 0, 30)
	eventually(t, "all arrive", func() bool { return len(p.points()) == 30 })
	require.Equal(t, upTo(30), p.points())
	require.Zero(t, stop(t, s, time.Second))
}

// A call that gets no answer in time says nothing of its points, however soon after the
// dial: the address hangs, or the machine is busy.
func TestHungCallsAreNoPoison(t *testing.T) {
	q := queue.New(queue.Limits{Batch: 1, Bytes: 1 << 20, MaxAge: time.Hour}, 1, queue.NewBudget(1<<30), new(queue.Pool))
	src := &queue.Block{Accepted: time.Now()}
	src.Payload = append(src.Payload, "1 1"...)
	src.Close(0)
	q.Lanes()[0].PutAll(src)
	l := newLane(nil, q.Lanes()[0], 0, nil)
	l.conn = struct{ Conn }{}
	l.now = time.Now()
	l.dialled = l.now
	_, wait := l.blocks.Take(l.now, 0)
	require.Zero(t, wait)
	for range deadlyLosses {
		l.suspect(fmt.Errorf("cannot read the reply: %w", os.ErrDeadlineExceeded))
	}
	require.False(t, l.poison.isSuspect(l.blocks.Flight(0)), "it hangs")
	for range deadlyLosses {
		require.False(t, l.poison.isSuspect(l.blocks.Flight(0)))
		l.suspect(errors.New("connection reset"))
	}
	require.True(t, l.poison.isSuspect(l.blocks.Flight(0)), "it breaks")
	q.Close()
}
