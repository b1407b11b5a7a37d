package queue

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCapDropsTheOldest(t *testing.T) {
	now := time.Now()
	const bytes = 256 << 10
	q := newTestQueue(Limits{Batch: 100, Bytes: bytes}, 1)
	l := q.Lanes()[0]
	put(q, batch(0, 100, now))
	inFlight, _ := l.Take(now, 0)
	for i := 1; i < 2000; i++ {
		put(q, batch(100*i, 100*i+100, now.Add(time.Duration(i))))
		require.Less(t, q.bytes.Load(), int64(bytes+bytes/4))
	}
	a := q.Account()
	require.True(t, a.Balanced(), "%+v", a)
	require.Equal(t, uint64(200_000), a.Accepted)
	require.Positive(t, a.Dropped["cap"])
	require.Equal(t, 0, numbers(t, inFlight)[0], "what is in flight stays")
	b, _ := l.Take(now, 0)
	require.Equal(t, 100+int(a.Dropped["cap"]), numbers(t, b)[0], "the oldest went")
}

func TestBudgetTakesFromTheFullest(t *testing.T) {
	now := time.Now()
	budget, pool := NewBudget(1<<20), new(Pool)
	limits := Limits{Batch: 100, Bytes: 1 << 30, MaxAge: time.Hour}
	small, large := New(limits, 1, budget, pool), New(limits, 1, budget, pool)
	put(small, batch(0, 100, now))
	for i := range 2000 {
		put(large, batch(100*i, 100*i+100, now))
	}
	require.Less(t, budget.Used(), int64(1<<20+2*maxBlock))
	require.Empty(t, small.Account().Dropped)
	require.Positive(t, large.Account().Dropped["memory"])
}

// P3: the oldest go, also when they were in flight before.
func TestReturnedBlocksGoFirst(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 100, Bytes: 256 << 10}, 1)
	l := q.Lanes()[0]
	put(q, batch(0, 200, now))
	for range 2 {
		_, _ = l.Take(now, 0)
	}
	require.Equal(t, 2, l.InFlight())
	require.Equal(t, []int{0, 99}, ends(t, l.Send(0)))
	require.Equal(t, []int{100, 199}, ends(t, l.Send(1)))
	l.Return()
	require.Zero(t, l.InFlight())
	require.Zero(t, l.FlightBytes())

	put(q, batch(200, 250, now))
	b, _ := l.Take(now, 0)
	require.Equal(t, []int{0, 99}, ends(t, b))
	require.Equal(t, []int{0, 99}, ends(t, l.Send(0)))
	require.Equal(t, uint64(100), q.Account().Resent)
	require.Equal(t, uint64(200), q.Account().Failed)
	l.Return()
	for i := 250; q.Account().Dropped["cap"] == 0; i += 100 {
		put(q, batch(i, i+100, now.Add(time.Duration(i))))
	}
	b, _ = l.Take(now, 0)
	require.Equal(t, int(q.Account().Dropped["cap"]), numbers(t, b)[0])
	a := q.Account()
	require.True(t, a.Balanced())
}

// ends returns the first and the last number of a Block.
func ends(t *testing.T, b *Block) []int {
	t.Helper()
	n := numbers(t, b)
	return []int{n[0], n[len(n)-1]}
}

// What was sent may have arrived: more points in it would be counted as resent.
func TestSentBlockTakesNoMorePoints(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 100, Bytes: 1 << 20}, 1)
	l := q.Lanes()[0]
	put(q, batch(0, 10, now))
	_, _ = l.Take(now, 0)
	l.Send(0)
	l.Return()
	put(q, batch(10, 20, now))
	b, _ := l.Take(now, 0)
	require.Equal(t, []int{0, 9}, ends(t, b))
	l.Delivered(1, 0, now)
	b, _ = l.Take(now, 0)
	require.Equal(t, []int{10, 19}, ends(t, b))
}

// The queue's bytes bound it however many lanes share them and whatever is in
// flight.
func TestCapHoldsForManyLanes(t *testing.T) {
	now := time.Now()
	const bytes, lanes = 4 << 20, 32
	q := newTestQueue(Limits{Batch: 100_000, Bytes: bytes}, lanes)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 3000 {
		b := &Block{Accepted: now.Add(time.Duration(i))}
		for range 100 {
			b.Payload = append(b.Payload, make([]byte, 50)...)
			b.Close(random.Uint32())
		}
		put(q, b)
		if l := q.Lanes()[random.IntN(lanes)]; l.InFlight() == 0 {
			_, _ = l.Take(now, 0)
		}
		require.Less(t, q.bytes.Load(), int64(bytes+bytes/4))
	}
	a := q.Account()
	require.True(t, a.Balanced())
	require.Greater(t, q.bytes.Load(), int64(bytes/2), "and the bytes are used")
}

// A queue whose bytes are all in flight has nothing to give: the next one does.
func TestBudgetIsKeptWhenTheFullestHasNothingToGive(t *testing.T) {
	now := time.Now()
	const limit = 1 << 20
	budget, pool := NewBudget(limit), new(Pool)
	limits := Limits{Batch: 100_000, Bytes: 1 << 30, MaxAge: time.Hour}
	var queues []*Queue
	for range 8 {
		queues = append(queues, New(limits, 1, budget, pool))
	}
	put(queues[0], batch(0, 50_000, now))
	_, _ = queues[0].Lanes()[0].Take(now, 0)
	for i := range 500 {
		for _, q := range queues[1:] {
			put(q, batch(100*i, 100*i+100, now))
			require.LessOrEqual(t, budget.Used(), int64(limit))
		}
	}
	require.Empty(t, queues[0].Account().Dropped)
	require.Positive(t, queues[1].Account().Dropped["memory"])
}

// What a Block grew to in one queue does not fill another one.
func TestPooledMemoryDoesNotFillASmallQueue(t *testing.T) {
	now := time.Now()
	pool := new(Pool)
	for range 100 {
		pool.Put(newBlock(maxBlock))
	}
	q := New(Limits{Batch: 10, Bytes: 64 << 10, MaxAge: time.Hour}, 1, NewBudget(1<<40), pool)
	put(q, batch(0, 80, now))
	require.Empty(t, q.Account().Dropped)
}
