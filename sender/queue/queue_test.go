package queue

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func newTestQueue(limits Limits, lanes int) *Queue {
	if limits.MaxAge == 0 {
		limits.MaxAge = time.Hour
	}
	return New(limits, lanes, NewBudget(1<<40), new(Pool))
}

// batch returns a Block of the numbers from..to-1, each the hash of its item too.
func batch(from, to int, accepted time.Time) *Block {
	b := &Block{First: uint64(from + 1), Last: uint64(to), Accepted: accepted}
	for i := from; i < to; i++ {
		b.Payload = strconv.AppendInt(b.Payload, int64(i), 10)
		b.Close(uint32(i))
	}
	return b
}

// put puts the items of b, each into its lane.
func put(q *Queue, b *Block) {
	items := make([][]int32, len(q.Lanes()))
	for i := range b.Items {
		lane := LaneOf(b.Items[i].Hash, len(items))
		items[lane] = append(items[lane], int32(i))
	}
	for i, lane := range q.Lanes() {
		lane.Put(b, items[i])
	}
}

func numbers(t *testing.T, b *Block) []int {
	t.Helper()
	var all []int
	for i := range b.Len() {
		n, err := strconv.Atoi(string(b.Item(i)))
		require.NoError(t, err)
		all = append(all, n)
	}
	return all
}

func TestBlockIsDueWhenFull(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 3, Bytes: 1 << 20}, 1)
	l := q.Lanes()[0]
	_, wait := l.Take(now, time.Second)
	require.Equal(t, Forever, wait)

	put(q, batch(0, 2, now))
	b, wait := l.Take(now, time.Second)
	require.Nil(t, b)
	require.Equal(t, time.Second, wait)

	put(q, batch(2, 4, now))
	b, _ = l.Take(now, time.Second)
	require.Equal(t, []int{0, 1, 2}, numbers(t, b), "the batch bounds a call")
	require.Equal(t, uint64(1), b.First)
	require.Equal(t, uint64(4), b.Last)
}

func TestBlockIsDueAfterLinger(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 100, Bytes: 1 << 20}, 1)
	put(q, batch(0, 1, now))
	l := q.Lanes()[0]
	b, wait := l.Take(now.Add(4*time.Millisecond), 5*time.Millisecond)
	require.Nil(t, b)
	require.Equal(t, time.Millisecond, wait)
	b, _ = l.Take(now.Add(5*time.Millisecond), 5*time.Millisecond)
	require.Equal(t, []int{0}, numbers(t, b))
}

func TestBacklogGrowsLargeBlocks(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 10, Bytes: 64 << 20}, 1)
	put(q, batch(0, 1000, now))
	l := q.Lanes()[0]
	var sizes []int
	for {
		b, _ := l.Take(now, 0)
		if b == nil {
			break
		}
		sizes = append(sizes, b.Len())
	}
	require.Len(t, sizes, backlogBlocks)
	require.Equal(t, 10, sizes[0])
	require.Equal(t, 1000-10*(backlogBlocks-1), sizes[backlogBlocks-1])
}

func TestPutWakesTheOwner(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 10, Bytes: 1 << 20, Settle: pause}, 1)
	l := q.Lanes()[0]
	woken := func() bool {
		select {
		case <-l.Wake():
			return true
		default:
			return false
		}
	}
	waits := func(at time.Time) {
		b, _ := l.Take(at, time.Second)
		require.Nil(t, b)
	}
	put(q, batch(0, 1, now))
	require.False(t, woken(), "it has not been told to wait")
	_, _ = l.Take(now, 0)
	later := now.Add(time.Minute)
	waits(later)
	put(q, batch(1, 2, later))
	require.True(t, woken(), "the first point starts the owner's clock")
	waits(later)
	put(q, batch(2, 3, later))
	require.False(t, woken(), "one more point changes nothing")
	put(q, batch(3, 11, later))
	require.True(t, woken(), "the Block is full")
	put(q, batch(11, 100, later))
	require.False(t, woken(), "it is awake")
}

func TestPutDoesNotWakeWhenOnlyTimeHelps(t *testing.T) {
	now := time.Now()
	for name, limits := range map[string]Limits{
		"busy": {Batch: 10, Bytes: 1 << 20}, "settling": {Batch: 10, Bytes: 1 << 20, Settle: pause},
	} {
		t.Run(name, func(t *testing.T) {
			q := newTestQueue(limits, 1)
			l := q.Lanes()[0]
			put(q, batch(0, 10, now))
			_, _ = l.Take(now, time.Millisecond)
			l.Delivered(1, 0, now)
			put(q, batch(0, 30, now))
			b, wait := l.Take(now, time.Millisecond)
			require.Nil(t, b)
			require.Positive(t, wait)
			put(q, batch(30, 60, now))
			require.Empty(t, l.Wake())
		})
	}
}

// One call a linger and lane is enough, however many points come.
func TestBusyLaneWaitsForLinger(t *testing.T) {
	now, linger := time.Now(), 5*time.Millisecond
	q := newTestQueue(Limits{Batch: 10, Bytes: 1 << 20}, 1)
	l := q.Lanes()[0]
	put(q, batch(0, 10, now))
	b, _ := l.Take(now, linger)
	require.Equal(t, []int{0, 9}, ends(t, b), "a quiet lane sends a batch at once")

	put(q, batch(10, 100, now.Add(time.Millisecond)))
	l.Delivered(1, 0, now.Add(2*time.Millisecond))
	b, wait := l.Take(now.Add(2*time.Millisecond), linger)
	require.Nil(t, b)
	require.Equal(t, 4*time.Millisecond, wait, "no point waits for longer")
	put(q, batch(100, 200, now.Add(5*time.Millisecond)))
	b, _ = l.Take(now.Add(6*time.Millisecond), linger)
	require.Equal(t, []int{10, 199}, ends(t, b))

	l.Delivered(1, 0, now.Add(7*time.Millisecond))
	put(q, batch(200, 230, now.Add(11*time.Millisecond)))
	b, _ = l.Take(now.Add(11*time.Millisecond), linger)
	require.Equal(t, []int{200, 229}, ends(t, b), "quiet again")
}

func TestSeriesKeepsItsLane(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 1000, Bytes: 1 << 20}, 4)
	put(q, batch(0, 400, now))
	put(q, batch(0, 400, now))
	seen := 0
	for _, l := range q.Lanes() {
		b, _ := l.Take(now, 0)
		n := numbers(t, b)
		require.NotEmpty(t, n)
		half := len(n) / 2
		require.Equal(t, n[:half], n[half:])
		seen += len(n)
	}
	require.Equal(t, 800, seen)
}

func TestOldPointsAreDropped(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 1, Bytes: 1 << 20, MaxAge: time.Minute}, 1)
	l := q.Lanes()[0]
	put(q, batch(0, 1, now))
	_, _ = l.Take(now, 0)
	put(q, batch(1, 2, now))
	put(q, batch(2, 3, now.Add(time.Minute)))

	l.Return()
	b, _ := l.Take(now.Add(time.Minute), 0)
	require.Equal(t, []int{0}, numbers(t, b), "not older than a minute")
	l.Return()
	b, _ = l.Take(now.Add(61*time.Second), 0)
	require.Equal(t, []int{2}, numbers(t, b), "the one that was in flight is gone too")
	a := q.Account()
	require.True(t, a.Balanced())
	require.Equal(t, uint64(2), a.Dropped["age"])
}

// P1: at any time, whatever happens.
func TestLedgerBalancesAtAnyTime(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 7, Bytes: 64 << 10, MaxAge: time.Millisecond}, 3)
	var puts, owners sync.WaitGroup
	for w := range 3 {
		puts.Go(func() {
			for i := range 300 {
				put(q, batch(1000*w+i, 1000*w+i+20, now.Add(time.Duration(i)*10*time.Microsecond)))
			}
		})
	}
	for i, l := range q.Lanes() {
		owners.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(i)))
			for step := range 2000 {
				at := now.Add(time.Duration(step) * 2 * time.Microsecond)
				_, _ = l.Take(at, 0)
				switch random.IntN(2) {
				case 0:
					l.Return()
				default:
					l.Delivered(l.InFlight(), 0, at)
				}
				a := q.Account()
				if !a.Balanced() {
					panic(fmt.Sprintf("not balanced: %+v", a))
				}
			}
		})
	}
	puts.Wait()
	owners.Wait()
	for _, l := range q.Lanes() {
		l.Delivered(l.InFlight(), 0, now)
		b, wait := l.Take(now.Add(time.Second), 0)
		require.Nil(t, b, "all that waits is too old")
		require.Equal(t, Forever, wait)
	}
	a := q.Account()
	require.True(t, a.Balanced())
	require.Equal(t, uint64(3*300*20), a.Accepted)
	require.Zero(t, a.Queued)
	require.Zero(t, a.Bytes, "all memory is given back")
	require.Zero(t, q.budget.Used())
}
