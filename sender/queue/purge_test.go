package queue

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What is in flight arrives, what waits anywhere goes, and the place in the spool says
// so once the flight has ended.
func TestPurgeLeavesTheFlight(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 10, Bytes: 1 << 20}, 1)
	l, disk := q.Lanes()[0], attach(q)
	put(q, batch(0, 10, now))
	disk.spill(l, true)
	_ = disk.take(t, l, fixed(now))
	put(q, batch(10, 40, now))
	disk.spill(l, true)
	put(q, batch(40, 45, now))
	held := l.Held()
	require.Equal(t, Held{Memory: 5, Disk: 40, Oldest: held.Oldest}, held)
	require.False(t, q.IsSafe(now))

	require.Equal(t, uint64(35), q.Purge())
	require.Zero(t, q.Purge(), "once")
	a := balanced(t, q)
	require.Equal(t, map[string]uint64{"purged": 35}, a.Dropped)
	require.Equal(t, uint64(10), a.Queued)
	require.True(t, q.IsSafe(now))
	state := q.State(45).Lanes[0]
	require.Equal(t, uint64(45), state.Mark)
	require.Zero(t, state.Read.Next, "it would be sent again after a crash")
	l.Delivered(1, 0, now)
	state = q.State(45).Lanes[0]
	require.Equal(t, disk.end, state.Read)
	require.Equal(t, disk.end, state.End)

	put(q, batch(45, 50, now))
	require.False(t, balanced(t, q).Spooled)
	require.Equal(t, []int{45, 49}, ends(t, disk.take(t, l, fixed(now))))
	l.Delivered(1, 0, now)
	a = balanced(t, q)
	require.Equal(t, uint64(15), a.Delivered)
	require.Zero(t, a.Queued)
	require.Zero(t, a.Bytes)
	require.Equal(t, Held{Read: disk.end}, l.Held())
}

// A lane that has become live again may have both in flight, what the spool has and
// what it never had: that must not pass for safe.
func TestPurgeWithAWindow(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 10, Bytes: 1 << 20}, 1)
	l, disk := q.Lanes()[0], attach(q)
	put(q, batch(0, 10, now))
	disk.spill(l, true)
	put(q, batch(10, 20, now))
	_, _ = disk.take(t, l, fixed(now)), disk.take(t, l, fixed(now))
	require.Equal(t, 2, l.InFlight())
	put(q, batch(20, 30, now))
	require.Equal(t, uint64(10), q.Purge())
	require.Equal(t, uint64(10), q.State(30).Lanes[0].Mark, "the second is in memory only")
	l.Delivered(1, 0, now)
	state := q.State(30).Lanes[0]
	require.Equal(t, disk.end, state.Read)
	require.Equal(t, uint64(10), state.Mark)
	l.Return()
	require.Equal(t, uint64(10), q.Purge(), "what was returned waits")
	require.Equal(t, uint64(30), q.State(30).Lanes[0].Mark)
	require.Zero(t, balanced(t, q).Queued)
}

func TestPurgeOfMemory(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 10, Bytes: 1 << 20}, 2)
	put(q, batch(0, 100, now))
	b, _ := q.Lanes()[0].Take(now, 0)
	inFlight := uint64(b.Len())
	require.Equal(t, 100-inFlight, q.Purge())
	require.Equal(t, inFlight, balanced(t, q).Queued)
	q.Lanes()[0].Delivered(1, 0, now)
	require.Zero(t, balanced(t, q).Bytes)
}
