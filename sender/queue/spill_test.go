package queue

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
)

type nowFunc func() time.Time

func fixed(now time.Time) nowFunc { return func() time.Time { return now } }

// balanced returns the account, which must balance.
func balanced(t *testing.T, q *Queue) Account {
	t.Helper()
	a := q.Account()
	require.True(t, a.Balanced(), "%+v", a)
	return a
}

func TestTurnsWhenMemoryIsUsedUp(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 100, Bytes: 64 << 10}, 1)
	attach(q)
	for i := 0; !q.Turns(now); i += 100 {
		require.Less(t, q.bytes.Load(), int64(64<<10))
		put(q, batch(i, i+100, now))
	}
	require.Len(t, q.Spill(), 1, "and says so")
	require.Empty(t, balanced(t, q).Dropped)
}

func TestTurnsWhenPatienceIsLost(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 1, Bytes: 1 << 20}, 1)
	l, disk := q.Lanes()[0], attach(q)
	put(q, batch(0, 1, now))
	_, _ = l.Take(now, 0)
	require.False(t, q.Turns(now.Add(patience)))
	require.True(t, q.Turns(now.Add(patience+1)), "what is in flight loses it too")
	disk.spill(l, true)
	require.False(t, q.Turns(now.Add(time.Hour)), "what lies on disk can wait")
}

func TestTurnsWhenAsked(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 1, Bytes: 1 << 20}, 1)
	attach(q)
	put(q, batch(9, 20, now)) // from number 10 on
	q.Unburden(9)
	require.False(t, q.Turns(now))
	q.Unburden(10)
	require.True(t, q.Turns(now))
	require.False(t, q.Turns(now), "once")
	q.Ask()
	require.True(t, q.Turns(now))
}

// The order of things: what is in flight, then what was on disk, then what waits.
func TestSpooledLaneKeepsTheOrder(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 10, Bytes: 1 << 20}, 1)
	l, disk := q.Lanes()[0], attach(q)
	put(q, batch(0, 10, now))
	_, _ = l.Take(now, 0)
	put(q, batch(10, 30, now))
	disk.spill(l, true)
	require.Len(t, disk.records, 2, "what is in flight would be lost with the process")
	require.True(t, balanced(t, q).Spooled)
	require.Equal(t, uint64(30), q.State(30).Lanes[0].Mark)

	put(q, batch(30, 40, now))
	require.Equal(t, uint64(30), q.State(40).Lanes[0].Mark)
	b := disk.take(t, l, fixed(now))
	require.Equal(t, []int{10, 29}, ends(t, b))
	l.Return()
	a := balanced(t, q)
	require.Equal(t, uint64(40), a.Queued)
	require.Equal(t, uint64(30), a.OnDisk)

	var all []int
	for b := disk.take(t, l, fixed(now)); b != nil; b = disk.take(t, l, fixed(now)) {
		all = append(all, ends(t, b)...)
		l.Delivered(1, 0, now)
	}
	require.Equal(t, []int{0, 9, 10, 29, 30, 39}, all)
	a = balanced(t, q)
	require.False(t, a.Spooled)
	require.Equal(t, uint64(40), a.Delivered)
	require.Zero(t, a.Queued+a.OnDisk)
	require.Zero(t, a.Bytes)
	state := q.State(40).Lanes[0]
	require.Equal(t, LaneState{Mark: 40, Read: disk.end, End: disk.end}, state)
}

// What was delivered while it was written counts as soon as it is.
func TestDeliveredWhileWritten(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 10, Bytes: 1 << 20}, 1)
	l, disk := q.Lanes()[0], attach(q)
	put(q, batch(0, 10, now))
	put(q, batch(10, 20, now))
	_, _ = l.Take(now, 0)
	leaving := l.Leave(true)
	l.Delivered(1, 0, now)
	require.Equal(t, uint64(10), q.State(20).Lanes[0].Mark)
	b, wait := l.Take(now, 0)
	require.Nil(t, b)
	require.Equal(t, longestWrite, wait, "what comes next is being written")
	put(q, batch(20, 30, now))
	require.Empty(t, l.Wake(), "which no point hastens")

	l.Wrote(OnDisk, leaving[:1], disk.append(leaving[0]))
	require.Equal(t, disk.end, q.State(20).Lanes[0].Read)
	l.Wrote(OnDisk, leaving[1:], disk.append(leaving[1]))
	require.Len(t, l.Wake(), 1)
	require.Equal(t, []int{10, 19}, ends(t, disk.take(t, l, fixed(now))))
	balanced(t, q)
}

func TestWhatCannotBeWrittenStaysInMemory(t *testing.T) {
	now := time.Now()
	const bytes = 64 << 10
	q := newTestQueue(Limits{Batch: 10, Bytes: bytes}, 1)
	l, disk := q.Lanes()[0], attach(q)
	put(q, batch(0, 10, now))
	put(q, batch(10, 20, now))
	put(q, batch(20, 30, now))
	_, _ = l.Take(now, 0)
	leaving := l.Leave(true)
	put(q, batch(30, 40, now))
	l.Delivered(1, 0, now)
	l.GiveBack(leaving)
	q.SpoolWorks(false)
	require.Equal(t, uint64(10), q.State(40).Lanes[0].Mark)
	for _, want := range [][]int{{10, 29}, {30, 39}} {
		require.Equal(t, want, ends(t, disk.take(t, l, fixed(now))))
		l.Delivered(1, 0, now)
	}
	require.Zero(t, balanced(t, q).Queued)

	for i := 0; i < 10_000; i += 100 {
		put(q, batch(i, i+100, now))
		require.Less(t, q.bytes.Load(), int64(bytes+bytes/4), "without a spool the bytes are the bound")
	}
	require.Positive(t, balanced(t, q).Dropped["cap"])
	q.SpoolWorks(true)
	for i := 0; i < 10_000; i += 100 {
		put(q, batch(i, i+100, now))
		require.Less(t, q.bytes.Load(), int64(2*bytes+bytes/4), "while the spooler writes twice as much")
	}
	require.Greater(t, q.bytes.Load(), int64(bytes+bytes/2))
	balanced(t, q)
}

func TestTooLargeItems(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 10, Bytes: 1 << 20}, 1)
	l, disk := q.Lanes()[0], attach(q)
	put(q, batch(0, 20, now))
	_, _ = l.Take(now, 0)
	leaving := l.Leave(true)
	require.False(t, l.TooLarge(leaving[0], 3), "it is in flight")
	require.True(t, l.TooLarge(leaving[1], 3))
	l.Wrote(OnDisk, leaving[1:], disk.append(leaving[1]))
	a := balanced(t, q)
	require.Equal(t, map[string]uint64{"too_large": 1}, a.Dropped)
	require.Equal(t, uint64(20), q.State(20).Lanes[0].Mark, "nothing holds the journal")
	l.Delivered(1, 0, now)
	require.Equal(t, []int{10, 11, 12, 14, 15, 16, 17, 18, 19}, numbers(t, disk.take(t, l, fixed(now))))
	l.Delivered(1, 0, now)
	a = balanced(t, q)
	require.Equal(t, uint64(19), a.Delivered)
	require.Zero(t, a.Queued)
}

// Points of a dropped segment that are in memory already are not dropped.
func TestDroppedSegmentCountsWhatWasNotRead(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 10, Bytes: 1 << 20}, 1)
	l, disk := q.Lanes()[0], attach(q)
	for i := 0; i < 50; i += 10 {
		put(q, batch(i, i+10, now))
		disk.spill(l, true)
	}
	require.Equal(t, []int{0, 9}, ends(t, disk.take(t, l, fixed(now))))
	_, from, _ := l.Unread()
	stale := l.Blank()
	end, _ := disk.read(stale, from)

	tail, ok := disk.drop() // three Blocks
	require.True(t, ok)
	require.Equal(t, uint64(20), l.Dropped(OnDisk, tail, DroppedCap))
	require.False(t, l.Load(stale, OnDisk, from, end, 0), "it was read before, and counts as dropped")
	require.Equal(t, segment.Position{}, q.State(50).Lanes[0].Read, "what is in flight lies before it")
	l.Return()
	require.Equal(t, []int{0, 9}, ends(t, disk.take(t, l, fixed(now))))
	l.Delivered(1, 0, now)
	require.Equal(t, tail, q.State(50).Lanes[0].Read)
	require.Equal(t, []int{30, 39}, ends(t, disk.take(t, l, fixed(now))))
	a := balanced(t, q)
	require.Equal(t, map[string]uint64{"cap": 20}, a.Dropped)
	require.Equal(t, uint64(30), a.Accepted-a.DroppedTotal())
}

func TestDamageIsCounted(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 10, Bytes: 1 << 20}, 1)
	l, disk := q.Lanes()[0], attach(q)
	for i := 0; i < 40; i += 10 {
		put(q, batch(i, i+10, now))
		disk.spill(l, true)
	}
	_, from, _ := l.Unread()
	b := l.Blank()
	end, _ := disk.read(b, disk.records[1].end) // the first two are gone, half of them damaged
	require.True(t, l.Load(b, OnDisk, from, end, 10))
	l.Missing(OnDisk, end, disk.end, 10) // the last one too
	a := balanced(t, q)
	require.Equal(t, map[string]uint64{"damaged": 20, "encoding": 10}, a.Dropped)
	require.Equal(t, []int{20, 29}, ends(t, disk.take(t, l, fixed(now))))
	l.Delivered(1, 0, now)
	require.Equal(t, disk.end, q.State(40).Lanes[0].Read)
	require.Zero(t, balanced(t, q).Queued)
}

func TestSpooledPointsGrowOld(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 10, Bytes: 1 << 20, MaxAge: time.Minute}, 1)
	l, disk := q.Lanes()[0], attach(q)
	put(q, batch(0, 10, now))
	require.NotNil(t, disk.take(t, l, fixed(now)))
	put(q, batch(10, 20, now))
	put(q, batch(20, 30, now.Add(time.Minute)))
	disk.spill(l, true)
	later := now.Add(61 * time.Second)
	require.Equal(t, []int{20, 29}, ends(t, disk.take(t, l, fixed(later))))
	require.Equal(t, segment.Position{}, q.State(30).Lanes[0].Read)
	l.Delivered(2, 0, later)
	require.Equal(t, disk.end, q.State(30).Lanes[0].Read)
	a := balanced(t, q)
	require.Equal(t, map[string]uint64{"age": 10}, a.Dropped)
	require.Equal(t, uint64(20), a.Delivered)
}

// P1 over a restart: the counters go on, and what the spools hold is queued.
func TestRestore(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 10, Bytes: 1 << 20}, 1)
	l, disk := q.Lanes()[0], attach(q)
	put(q, batch(0, 10, now))
	disk.spill(l, true)
	put(q, batch(10, 20, now))
	put(q, batch(20, 30, now))
	disk.spill(l, true)
	put(q, batch(30, 40, now)) // is lost with the process
	disk.take(t, l, fixed(now))
	l.Delivered(1, 2, now)
	l.Replayed(7)
	state := q.State(40)
	state.Ledger.Dropped["dead_letter"] = 3

	q = newTestQueue(Limits{Batch: 10, Bytes: 1 << 20}, 1)
	l = q.Lanes()[0]
	q.Attach([]Place{{Read: state.Lanes[0].Read, End: disk.end}})
	q.Restore(state.Ledger)
	a := balanced(t, q)
	require.Equal(t, uint64(10), a.Delivered)
	require.Equal(t, uint64(20), a.Queued)
	require.Equal(t, uint64(33), a.Accepted)
	require.Equal(t, uint64(2), a.Rejected)
	require.Equal(t, uint64(7), a.Replayed)
	require.Equal(t, map[string]uint64{"dead_letter": 3}, a.Dropped)
	require.Equal(t, []int{10, 19}, ends(t, disk.take(t, l, fixed(now))))
}

// Before the budget makes the fullest queue give way, it is asked to use its spool.
func TestBudgetAsksTheFullestToSpool(t *testing.T) {
	now := time.Now()
	budget, pool := NewBudget(1<<20), new(Pool)
	limits := Limits{Batch: 100, Bytes: 1 << 30, MaxAge: time.Hour}
	small, large := New(limits, 1, budget, pool), New(limits, 1, budget, pool)
	attach(small)
	attach(large)
	put(small, batch(0, 100, now))
	for i := 0; !large.Turns(now); i += 100 {
		put(large, batch(i, i+100, now))
		require.LessOrEqual(t, budget.Used(), int64(1<<20))
	}
	require.False(t, small.Turns(now))
	require.Empty(t, large.Account().Dropped)
}

func TestHasRoom(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 100, Bytes: 64 << 10}, 1)
	for i := range 1000 {
		put(q, batch(100*i, 100*i+100, now))
	}
	require.True(t, q.HasRoom(), "without a spool there is nothing to wait for")
	attach(q)
	require.False(t, q.HasRoom())
	require.True(t, q.Turns(now))
	q.SpoolWorks(false)
	require.True(t, q.HasRoom())
}
