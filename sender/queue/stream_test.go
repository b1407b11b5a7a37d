package queue

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
)

// streamed returns a lane of which so many Blocks of ten points lie in its stream, and a
// tape of that.
func streamed(t *testing.T, blocks int) (*Queue, *Lane, *redisModel) {
	t.Helper()
	now := time.Now()
	q := newTestQueue(Limits{Batch: 10, Bytes: 1 << 20, MaxAge: time.Hour}, 1)
	l, _ := q.Lanes()[0], attach(q)
	l.AttachStream(1, 1)
	require.True(t, l.Reconcile(Found{Claim: 1, Head: 1, End: 1}))
	redis := &redisModel{stream: new(tape)}
	for i := range blocks {
		put(q, batch(10*i, 10*i+10, now))
		leaving := l.Leave(true)
		l.Wrote(InStream, leaving, redis.append(leaving...))
	}
	return q, l, redis
}

// load reads the next Block of the stream.
func (r *redisModel) load(t *testing.T, l *Lane) {
	t.Helper()
	shelf, from, ok := l.Unread()
	require.True(t, ok)
	require.Equal(t, InStream, shelf)
	b := l.Blank()
	end, ok := r.stream.read(b, from)
	require.True(t, ok)
	require.True(t, l.Load(b, shelf, from, segment.Position{Next: end.Next}, 0))
}

// take is Take for what was loaded.
func take(t *testing.T, l *Lane) *Block {
	t.Helper()
	b, _ := l.Take(time.Now(), 0)
	require.NotNil(t, b)
	return b
}

// The stream comes before the disk, and both before what waits.
func TestStreamThenDiskThenMemory(t *testing.T) {
	q, l, redis := streamed(t, 2)
	disk := new(tape)
	put(q, batch(20, 30, time.Now()))
	require.True(t, l.IsEmpty(OnDisk))
	leaving := l.Leave(false)
	l.Wrote(OnDisk, leaving, disk.append(leaving...))
	require.False(t, l.IsEmpty(OnDisk))
	put(q, batch(30, 40, time.Now()))
	a := balanced(t, q)
	require.Equal(t, []uint64{20, 10, 40}, []uint64{a.InRedis, a.OnDisk, a.Queued})
	require.Equal(t, Held{Memory: 10, Disk: 10, Stream: 20, ReadStream: 1}, l.Held())
	require.Equal(t, LaneState{Mark: 30, End: disk.end, ReadStream: 1, EndStream: 21}, q.State(40).Lanes[0])

	redis.load(t, l)
	redis.load(t, l)
	require.Equal(t, []int{0, 9}, ends(t, take(t, l)))
	require.Equal(t, []int{10, 19}, ends(t, take(t, l)))
	l.Delivered(2, 0, time.Now())
	require.Equal(t, []int{20, 29}, ends(t, disk.take(t, l, time.Now)))
	require.Equal(t, []int{30, 39}, ends(t, disk.take(t, l, time.Now)))
	l.Delivered(2, 0, time.Now())
	require.Zero(t, balanced(t, q).Queued)
	require.Equal(t, LaneState{Mark: 40, Read: disk.end, End: disk.end, ReadStream: 21, EndStream: 21}, q.State(40).Lanes[0])
}

// What a relay finds when it gets hold of its stream again.
func TestReconcile(t *testing.T) {
	for _, c := range []struct {
		what                  string
		loaded                int // Blocks, of five
		found                 Found
		queued, moved, missed uint64
		next                  uint64 // where it reads on
	}{
		{"all as it was", 1, Found{Head: 1, End: 51}, 50, 0, 0, 11},
		{"it had given free more than is stored", 0, Found{Head: 1, End: 51, TakenUntil: 1}, 50, 0, 0, 1},
		{"Redis was emptied", 0, Found{Head: 51, End: 51}, 0, 0, 50, 51},
		{"Redis was emptied, what is in memory is not lost", 2, Found{Head: 51, End: 51}, 20, 0, 30, 51},
		{"the oldest entries are gone", 1, Found{Head: 31, End: 51}, 30, 0, 20, 31},
		{"others had all", 0, Found{Head: 51, End: 51, TakenUntil: 51}, 0, 50, 0, 51},
		{"others had some", 0, Found{Head: 21, End: 51, TakenUntil: 21}, 30, 20, 0, 21},
		{"others had what is in memory", 3, Found{Head: 21, End: 51, TakenUntil: 21}, 30, 20, 0, 21},
		{"others had some, more is gone", 1, Found{Head: 41, End: 51, TakenUntil: 21}, 10, 20, 20, 41},
	} {
		t.Run(c.what, func(t *testing.T) {
			q, l, redis := streamed(t, 5)
			for range c.loaded {
				redis.load(t, l)
			}
			c.found.Claim = 2
			require.True(t, l.Reconcile(c.found))
			require.True(t, l.Reconcile(c.found), "once")
			a := balanced(t, q)
			require.Equal(t, []uint64{c.queued, c.moved, c.missed}, []uint64{a.Queued, a.MovedOut, a.Dropped["redis_lost"]})
			_, from, ok := l.Unread()
			require.Equal(t, c.next < 51, ok)
			require.Equal(t, c.next < 51, ok && from.Next == c.next)
		})
	}
}

// What others have delivered while it was in flight here waits for the call's end.
func TestReconcileWaitsForTheFlight(t *testing.T) {
	q, l, redis := streamed(t, 3)
	redis.load(t, l)
	take(t, l)
	require.True(t, l.SendsStream())
	found := Found{Claim: 2, Head: 21, End: 31, TakenUntil: 21}
	require.False(t, l.Reconcile(found))
	require.Equal(t, uint64(30), balanced(t, q).Queued)
	l.Withdraw()
	require.Zero(t, balanced(t, q).Failed, "no call failed")
	require.True(t, l.Reconcile(found))
	a := balanced(t, q)
	require.Equal(t, []uint64{10, 20}, []uint64{a.Queued, a.MovedOut})
	require.Zero(t, a.Bytes, "the memory of what was loaded is given back")
}

// A relay without a state learns from Redis what it has there.
func TestStreamOfWhichNothingIsStored(t *testing.T) {
	q := newTestQueue(Limits{Batch: 10, Bytes: 1 << 20}, 1)
	l := q.Lanes()[0]
	attach(q)
	l.AttachStream(0, 0)
	require.False(t, l.SendsStream())
	require.True(t, l.Reconcile(Found{Claim: 1, Head: 21, End: 51}))
	require.Equal(t, uint64(30), balanced(t, q).Accepted)
	require.Equal(t, uint64(21), q.State(0).Lanes[0].ReadStream)
	require.True(t, l.SendsStream())
}

// The points of an adopted stream have moved here, for as long as it is held.
func TestAdoptedStream(t *testing.T) {
	_, _, redis := streamed(t, 5)
	q := newTestQueue(Limits{Batch: 10, Bytes: 1 << 20, MaxAge: time.Hour}, 1)
	l := q.Lanes()[0]
	attach(q)
	put(q, batch(100, 110, time.Now()))
	l.AdoptStream(11, 51)
	redis.load(t, l) // the second Block
	redis.load(t, l)
	require.Equal(t, []int{10, 19}, ends(t, take(t, l)))
	a := balanced(t, q)
	require.Equal(t, []uint64{10, 40, 50}, []uint64{a.Accepted, a.MovedIn, a.Queued})
	state := q.State(1000)
	require.Equal(t, uint64(0), state.Lanes[0].EndStream+state.Ledger.MovedIn, "nothing of it is there after a restart")

	l.Moves(true)
	require.Equal(t, uint64(30), l.DetachStream())
	require.Zero(t, l.DetachStream(), "once")
	a = balanced(t, q)
	require.Equal(t, []uint64{10, 10, 20}, []uint64{a.Accepted, a.MovedIn, a.Queued})
	require.Zero(t, q.State(1000).Ledger.MovedIn)
	l.AdoptStream(21, 51) // again: what is in flight has nothing to do with it
	l.Delivered(1, 0, time.Now())
	a = balanced(t, q)
	require.Equal(t, []uint64{10, 40, 10, 40}, []uint64{a.Accepted, a.MovedIn, a.MovedOut, a.Queued})
	require.Equal(t, uint64(21), l.Held().ReadStream)
	redis.load(t, l)
	require.Equal(t, []int{20, 29}, ends(t, take(t, l)))
	l.Delivered(1, 0, time.Now())
	require.Equal(t, uint64(31), l.Held().ReadStream)
	balanced(t, q)
}
