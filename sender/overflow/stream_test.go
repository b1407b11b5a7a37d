package overflow

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/sender/queue"
	"transfer/sender/servertest"
	"transfer/sender/spool/record"
)

func TestAppendReadRelease(t *testing.T) {
	t.Parallel()
	r := startRelay(t, servertest.StartRedis(t), "a")
	st := r.own(0, 0)
	require.False(t, st.Held(), "there is none yet")
	require.Zero(t, keyCount(t, r.client))
	ends, err := st.Append(block(1, 10), block(11, 5), block(16, 1))
	require.NoError(t, err)
	require.Equal(t, []uint64{11, 16, 17}, ends)
	require.True(t, st.Held())
	require.Equal(t, "a/"+testTarget+"/0", st.Name())
	require.Equal(t, Meta{Owner: "a", Target: testTarget, Lanes: 1, Hash: "crc32", Encoding: testEncoding, Routing: []byte(`{"ring":1}`)}, st.Meta())
	require.Equal(t, Claim{Number: st.Claim().Number, Head: 1, End: 1}, st.Claim())
	require.NotZero(t, st.Claim().Number)
	require.Positive(t, st.Bytes())

	end, missing := drain(t, st, 1)
	require.Equal(t, uint64(17), end)
	require.Zero(t, missing)
	end, missing = drain(t, st, 4)
	require.Equal(t, uint64(17), end, "from within a Block")
	require.Zero(t, missing)

	st.Release(13)
	r.eventually(func() bool { return length(t, r.client, st) == 2 }, "the first is deleted, the second not wholly delivered")
	_, missing = drain(t, st, 13)
	require.Zero(t, missing)
	st.Release(17)
	r.eventually(func() bool { return st.Bytes() == 0 }, "all is deleted")
	r.eventually(func() bool { return keyCount(t, r.client) == 0 }, "nothing is left of it after a while")
	r.eventually(st.Writable, "it can be made again")
	fill(t, st, 17, 40)
	end, missing = drain(t, st, 17)
	require.Equal(t, uint64(40), end)
	require.Zero(t, missing)
}

// What is stored is what is read: bytes, hashes, sequence numbers and the time.
func TestBlocksComeBackWhole(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	r := startRelay(t, server, "a")
	st := r.own(0, 0)
	large := block(1, 60_000)
	require.Greater(t, len(large.Payload), record.Largest)
	small := block(60_001, 3)
	ends, err := st.Append(large, new(queue.Block), small)
	require.NoError(t, err)
	require.Equal(t, []uint64{60_001, 60_001, 60_004}, ends)
	require.Greater(t, length(t, r.client, st), int64(2), "no entry is larger than a record may be")
	end, missing := drain(t, st, 1)
	require.Equal(t, uint64(60_004), end)
	require.Zero(t, missing)
	b := new(queue.Block)
	_, _, err = st.Next(b, 60_001)
	require.NoError(t, err)
	require.Equal(t, small.Payload, b.Payload)
	require.Equal(t, small.Items, b.Items)
	require.Equal(t, [2]uint64{small.First, small.Last}, [2]uint64{b.First, b.Last})
	require.Zero(t, small.Accepted.Sub(b.Accepted), "by the monotonic clock of this process")

	again := startRelay(t, server, "a").Own(options(1, 60_004))
	r.eventually(again.Held, "claimed")
	b.Reset()
	_, _, err = again.Next(b, 60_001)
	require.NoError(t, err)
	require.WithinDuration(t, small.Accepted, b.Accepted, time.Second, "by the wall's")
}

// A visitor sees what is there, whoever holds the stream, and takes nothing away.
func TestVisit(t *testing.T) {
	t.Parallel()
	r := startRelay(t, servertest.StartRedis(t), "a")
	st := r.own(0, 0)
	const blocks = 2*visitAtATime + 3
	fill(t, st, 1, 10*blocks+1)
	require.NoError(t, r.client.XDel(t.Context(), st.keys[0], "50-0").Err())
	require.NoError(t, r.client.HSet(t.Context(), st.keys[1], "holder", "b").Err())
	var firsts []uint64
	require.NoError(t, st.Visit(16, func(b *queue.Block, first uint64, encoding string) bool {
		require.Equal(t, testEncoding, encoding)
		for i := range b.Len() {
			require.Equal(t, itemOf(first+uint64(i))+" ", string(b.Item(i)))
		}
		firsts = append(firsts, first)
		return true
	}))
	require.Len(t, firsts, blocks-2, "behind the first, without the one that is gone")
	require.Equal(t, []uint64{16, 21, 31, 51}, firsts[:4])
	visits := 0
	require.NoError(t, st.Visit(1, func(*queue.Block, uint64, string) bool { visits++; return visits < 2 }))
	require.Equal(t, 2, visits)
	require.Equal(t, int64(blocks-1), length(t, r.client, st))
}

// More entries than Redis takes arguments for at once are appended all the same.
func TestManySmallBlocks(t *testing.T) {
	t.Parallel()
	r := startRelay(t, servertest.StartRedis(t), "a", func(o *Options) { o.Lease = time.Minute })
	st := r.own(0, 0)
	blocks := make([]*queue.Block, 2*mostEntries+1)
	for i := range blocks {
		blocks[i] = block(uint64(i+1), 1)
	}
	ends, err := st.Append(blocks...)
	require.NoError(t, err)
	require.Equal(t, uint64(len(blocks)+1), ends[len(blocks)-1])
	end, missing := drain(t, st, 1)
	require.Equal(t, ends[len(blocks)-1], end)
	require.Zero(t, missing)
}

// An owner goes on where it was: it knows what it had stored, and deletes what lies behind.
func TestRestartOfTheOwner(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	long := func(o *Options) { o.Lease = time.Hour }
	r := startRelay(t, server, "a", long)
	st := r.own(0, 0)
	fill(t, st, 1, 101)
	r.stop()

	r = startRelay(t, server, "a", long)
	st = r.own(31, 81) // at once, although the lease is not over
	claim := st.Claim()
	require.Equal(t, [3]uint64{1, 81, 0}, [3]uint64{claim.Head, claim.End, claim.TakenUntil})
	require.Equal(t, uint64(81), st.End())
	r.eventually(func() bool { return length(t, r.client, st) == 5 }, "the journal has what lies behind")
	require.Equal(t, []byte(`{"ring":1}`), st.Meta().Routing)
	fill(t, st, 81, 120)
	end, missing := drain(t, st, 31)
	require.Equal(t, uint64(120), end)
	require.Zero(t, missing)
}

// An owner of which nothing is stored takes what is there.
func TestRestartWithoutAState(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	r := startRelay(t, server, "a")
	st := r.own(0, 0)
	fill(t, st, 1, 101)
	st.Release(31)
	r.eventually(func() bool { return length(t, r.client, st) == 7 }, "it is deleted")
	r.stop()
	r = startRelay(t, server, "a")
	st = r.own(0, 0)
	require.Equal(t, Claim{Number: st.Claim().Number, Head: 31, End: 101}, st.Claim())
	_, missing := drain(t, st, 31)
	require.Zero(t, missing)
	fill(t, st, 101, 121)
}

// What lanes an older run had is kept as long as points are left of it.
func TestRestartWithOtherLanes(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	r := startRelay(t, server, "a")
	fill(t, r.own(0, 0), 1, 101)
	r.stop()
	for _, read := range []uint64{11, 101} {
		r = startRelay(t, server, "a")
		o := options(read, 101)
		o.Lanes = 3
		st := r.Own(o)
		r.eventually(st.Held, "it is claimed")
		require.Equal(t, 1, st.Meta().Lanes)
		r.eventually(func() bool { return length(t, r.client, st) == int64(101-read)/10 }, "what was read is deleted")
		if read == 101 {
			r.eventually(func() bool { return keyCount(t, r.client) == 0 }, "it is let go")
			fill(t, st, 101, 111)
			require.Equal(t, 3, st.Meta().Lanes)
		}
		r.stop()
	}
}

// The one that ran before can do nothing more.
func TestAnOlderRunIsFencedOff(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	old := startRelay(t, server, "a")
	before := old.own(0, 0)
	fill(t, before, 1, 51)
	old.stop()
	r := startRelay(t, server, "a")
	st := r.own(1, 51)
	require.True(t, before.Held(), "it does not know it")
	_, err := before.Append(block(51, 10))
	require.ErrorIs(t, err, ErrNotHeld)
	require.False(t, before.Held())
	require.False(t, before.Writable())
	end, missing := drain(t, st, 1)
	require.Equal(t, uint64(51), end)
	require.Zero(t, missing)
}

// What cannot be understood is passed over as a gap, and counted.
func TestDamagedEntries(t *testing.T) {
	t.Parallel()
	r := startRelay(t, servertest.StartRedis(t), "a")
	o := options(0, 0)
	o.Known = []string{"graph/0"}
	st := r.Own(o)
	r.eventually(st.Writable, "it is writable")
	fill(t, st, 1, 61)
	entries, err := r.client.XRange(t.Context(), st.keys[0], "-", "+").Result()
	require.NoError(t, err)
	require.NoError(t, r.client.Del(t.Context(), st.keys[0]).Err())
	entries[1].Values[fieldSum] = "1"
	entries[2].Values[fieldEncoding] = "other"
	entries[3].Values[fieldEncoding] = "graph/0"
	delete(entries[5].Values, fieldCount)
	for _, e := range entries {
		values := []any{fieldCount, e.Values[fieldCount]} // stays the first
		for name, value := range e.Values {
			values = append(values, name, value)
		}
		if e.Values[fieldCount] == nil {
			values = values[2:]
		}
		require.NoError(t, r.client.Do(t.Context(), append([]any{"XADD", st.keys[0], e.ID}, values...)...).Err())
	}
	b := new(queue.Block)
	first, end, err := st.Next(b, 1)
	require.NoError(t, err)
	require.Equal(t, [2]uint64{1, 11}, [2]uint64{first, end})
	b.Reset()
	first, end, err = st.Next(b, 11)
	require.NoError(t, err)
	require.Equal(t, [2]uint64{31, 41}, [2]uint64{first, end}, "one that is known")
	damaged, foreign := st.Damage()
	require.Equal(t, [2]uint64{10, 10}, [2]uint64{damaged, foreign})
	b.Reset()
	_, _, err = st.Next(b, 41)
	require.NoError(t, err)
	b.Reset()
	first, end, err = st.Next(b, 51)
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, [2]uint64{61, 61}, [2]uint64{first, end})
}

// No more than its share of the memory goes into a stream.
func TestShareOfOneStream(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t, "--maxmemory", "100mb")
	r := startRelay(t, server, "a", func(o *Options) { o.StreamShare = 0.05 })
	st := r.own(0, 0)
	var err error
	n := uint64(0)
	for ; err == nil; n++ {
		require.Less(t, n, uint64(11))
		_, err = st.Append(bulk(500_000))
	}
	require.ErrorIs(t, err, ErrFull)
	require.Equal(t, uint64(11), n, "10 of 500 KB in 5 MiB")
	require.Equal(t, n, st.End(), "nothing of it is there")
	st.Release(6)
	r.eventually(func() bool { return st.Bytes() < 3<<20 }, "there is room again")
	require.True(t, st.Writable())
	_, err = st.Append(bulk(500_000))
	require.NoError(t, err)
}

// The memory of all, whoever uses it, is bounded too.
func TestShareOfAll(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t, "--maxmemory", "100mb")
	r := startRelay(t, server, "a", func(o *Options) { o.Share = 0.2 })
	st := r.own(0, 0)
	require.NoError(t, r.client.Set(t.Context(), "other", make([]byte, 12<<20), 0).Err())
	time.Sleep(2 * lookEvery)
	var err error
	n := 0
	for ; err == nil; n++ {
		require.Less(t, n, 18, "20 MiB less 12 MiB")
		_, err = st.Append(bulk(500_000))
	}
	require.ErrorIs(t, err, ErrFull)
	require.Greater(t, n, 2)
	require.NoError(t, r.client.Del(t.Context(), "other").Err())
	r.eventually(st.Writable, "there is room again")
}

// Routing is there for who adopts, as it is now.
func TestRoutingIsKeptUp(t *testing.T) {
	t.Parallel()
	r := startRelay(t, servertest.StartRedis(t), "a")
	routing := make(chan string, 1)
	routing <- "one"
	o := options(0, 0)
	o.Routing = func() []byte { now := <-routing; routing <- now; return []byte(now) }
	st := r.Own(o)
	r.eventually(st.Writable, "it is writable")
	fill(t, st, 1, 11)
	stored := func() string { return r.client.HGet(t.Context(), st.keys[1], "routing").Val() }
	require.Equal(t, "one", stored())
	<-routing
	routing <- "two"
	r.eventually(func() bool { return stored() == "two" }, "it is written again")
}

// A stream that is closed is left as it is.
func TestCloseOfAStream(t *testing.T) {
	t.Parallel()
	r := startRelay(t, servertest.StartRedis(t), "a")
	st := r.own(0, 0)
	fill(t, st, 1, 31)
	st.Release(11)
	st.Close()
	require.False(t, st.Writable())
	r.eventually(st.IsGone, "it is forgotten")
	require.Equal(t, int64(2), length(t, r.client, st), "with what was released deleted")
	_, err := st.Append(block(31, 1))
	require.ErrorIs(t, err, ErrNotHeld)
	again := r.own(11, 31)
	_, missing := drain(t, again, 11)
	require.Zero(t, missing)
	again.Release(31)
	again.Close()
	r.eventually(func() bool { return keyCount(t, r.client) == 0 }, "nothing is left")
	r.eventually(again.IsGone, "it is forgotten")
}

func TestStreamsOfSeveralLanes(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	r := startRelay(t, server, "a")
	const lanes = batchSize + 7
	var streams []*Stream
	for lane := range lanes {
		o := options(0, 0)
		o.Lane, o.Lanes = lane, lanes
		streams = append(streams, r.Own(o))
	}
	for _, st := range streams {
		r.eventually(st.Writable, "it is writable")
		fill(t, st, 1, 21)
	}
	time.Sleep(2 * testLease)
	for _, st := range streams {
		r.eventually(st.Held, "all are renewed")
		_, missing := drain(t, st, 1)
		require.Zero(t, missing)
		st.Release(21)
	}
	r.eventually(func() bool { return keyCount(t, r.client) == 0 }, "nothing is left")
	require.NoError(t, r.Trouble())
}
