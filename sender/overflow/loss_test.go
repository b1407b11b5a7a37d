package overflow

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/sender/queue"
	"transfer/sender/servertest"
)

// FLUSHALL: the claim says that all is gone, and then all goes on.
func TestFlushAll(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	r := startRelay(t, server, "a")
	st := r.own(0, 0)
	fill(t, st, 1, 101)
	drain(t, st, 1)
	before := st.Claim()
	server.Flush()
	r.eventually(func() bool { return st.Claim().Number > before.Number }, "it is claimed anew")
	require.Equal(t, Claim{Number: st.Claim().Number, Head: 101, End: 101}, st.Claim())
	require.True(t, st.Held(), "what was loaded may be sent")
	_, missing := drain(t, st, 41)
	require.Equal(t, uint64(60), missing)
	st.Release(101)
	r.eventually(st.Writable, "it can be written")
	fill(t, st, 101, 121)
	b := startRelay(t, server, "b")
	r.stop()
	require.Equal(t, uint64(20), b.orphan().Points, "it is in the registry")
}

// An append that is the first to see it says so, and what comes next works.
func TestAppendAfterFlushAll(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	r := startRelay(t, server, "a", func(o *Options) { o.Lease = time.Minute })
	st := r.own(0, 0)
	fill(t, st, 1, 101)
	server.Flush()
	_, err := st.Append(block(101, 10))
	require.ErrorIs(t, err, ErrNotHeld)
	r.eventually(st.Writable, "it is claimed anew")
	require.Equal(t, uint64(101), st.Claim().Head)
	fill(t, st, 101, 121)
	_, missing := drain(t, st, 101)
	require.Zero(t, missing)
}

// A reader that finds nothing where points were asks whether the stream is still the one
// that was claimed.
func TestReadAfterFlushAll(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	r := startRelay(t, server, "a", func(o *Options) { o.Lease = time.Minute })
	st := r.own(0, 0)
	fill(t, st, 1, 101)
	server.Flush()
	_, _, err := st.Next(new(queue.Block), 1)
	require.ErrorIs(t, err, ErrNotHeld)
	r.eventually(st.Held, "it is claimed anew")
	_, missing := drain(t, st, 1)
	require.Equal(t, uint64(100), missing)
}

// A Redis that comes back with less than it had taken: the rest is said to be lost.
func TestRedisLosesTheEnd(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t, "--save", "3600 1", "--dbfilename", "dump.rdb")
	r := startRelay(t, server, "a")
	st := r.own(0, 0)
	fill(t, st, 1, 51)
	require.NoError(t, r.client.Save(t.Context()).Err())
	fill(t, st, 51, 101)
	number := st.Claim().Number
	server.Kill()
	server.Restart()
	r.eventually(func() bool { return st.Claim().Number > number }, "it is seen")
	require.Equal(t, [2]uint64{1, 51}, [2]uint64{st.Claim().Head, st.Claim().End})
	end, missing := drain(t, st, 1)
	require.Equal(t, [2]uint64{101, 50}, [2]uint64{end, missing})
	number = st.Claim().Number
	time.Sleep(testLease)
	require.Equal(t, number, st.Claim().Number, "it is said once")
	fill(t, st, 101, 111)
	_, missing = drain(t, st, 1)
	require.Equal(t, uint64(50), missing)
	st.Release(111)
	r.eventually(func() bool { return keyCount(t, r.client) == 0 }, "it can be emptied")
}
