package overflow

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/sender/queue"
	"transfer/sender/servertest"
)

// The owner dies; another relay adopts what it had, and the owner gets its stream back when
// that is emptied.
func TestAdoption(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	a, b := startRelay(t, server, "a"), startRelay(t, server, "b")
	st := a.own(0, 0)
	fill(t, st, 1, 101)
	st.Release(21)
	a.eventually(func() bool { return length(t, a.client, st) == 8 }, "it is deleted")
	time.Sleep(2 * testLease)
	require.Empty(t, b.Orphans(), "its owner lives")
	a.stop()

	orphan := b.orphan()
	require.Equal(t, Meta{Owner: "a", Target: testTarget, Lanes: 1, Hash: "crc32", Encoding: testEncoding, Routing: []byte(`{"ring":1}`)}, orphan.Meta)
	require.Equal(t, uint64(80), orphan.Points)
	require.Positive(t, orphan.Bytes)
	adopted, err := b.Adopt(t.Context(), orphan)
	require.NoError(t, err)
	require.True(t, adopted.Held())
	require.Equal(t, orphan.Meta, adopted.Meta())
	require.Equal(t, st.Name(), adopted.Name())
	require.Equal(t, Claim{Number: adopted.Claim().Number, Head: 21, End: 101}, adopted.Claim())
	require.False(t, adopted.Writable())
	_, err = adopted.Append(block(101, 1))
	require.ErrorIs(t, err, ErrNotHeld)
	_, err = b.Adopt(t.Context(), orphan)
	require.ErrorIs(t, err, ErrNotHeld, "it is adopted")
	_, missing := drain(t, adopted, 21)
	require.Zero(t, missing)
	adopted.Release(51)
	b.eventually(func() bool { return length(t, b.client, adopted) == 5 }, "it is deleted")

	a.proceed()
	for range 20 {
		require.False(t, st.Held())
		require.False(t, st.Writable())
		time.Sleep(testLease / 10)
	}
	_, err = st.Append(block(101, 1))
	require.ErrorIs(t, err, ErrNotHeld, "fenced off")
	st.Release(101)
	require.Equal(t, int64(5), length(t, b.client, adopted), "fenced off")
	b.eventually(adopted.Held, "it is renewed")
	require.Empty(t, a.Orphans(), "its own stream is none")

	adopted.Release(101)
	b.eventually(adopted.IsGone, "it is not needed any more")
	a.eventually(st.Held, "the owner has it again")
	require.Equal(t, Claim{Number: st.Claim().Number, Head: 101, End: 101, TakenUntil: 101}, st.Claim())
	taken := a.client.HMGet(t.Context(), st.keys[1], "takenFrom", "takenUntil").Val()
	require.Equal(t, []any{"21", "101"}, taken)
	fill(t, st, 101, 121)
	_, missing = drain(t, st, 101)
	require.Zero(t, missing)
}

// An owner that knows less than the adopter has seen goes on from what it knows: its journal
// has the rest.
func TestOwnerWithAnOlderState(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	a, b := startRelay(t, server, "a"), startRelay(t, server, "b")
	fill(t, a.own(0, 0), 1, 101)
	a.stop()
	adopted, err := b.Adopt(t.Context(), b.orphan())
	require.NoError(t, err)
	adopted.Release(91)
	b.eventually(func() bool { return length(t, b.client, adopted) == 1 }, "it is deleted")
	b.stop() // it dies with the last ten

	a = startRelay(t, server, "a")
	st := a.own(1, 71)
	require.Equal(t, Claim{Number: st.Claim().Number, Head: 71, End: 71, TakenUntil: 71}, st.Claim())
	require.Equal(t, uint64(71), st.End())
	require.Zero(t, length(t, a.client, st))
	fill(t, st, 71, 111)
	_, missing := drain(t, st, 71)
	require.Zero(t, missing)
}

// An adopter that stood still is fenced off by the next one.
func TestAdopterIsFencedOff(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	a, b, c := startRelay(t, server, "a"), startRelay(t, server, "b"), startRelay(t, server, "c")
	fill(t, a.own(0, 0), 1, 101)
	a.stop()
	first, err := b.Adopt(t.Context(), b.orphan())
	require.NoError(t, err)
	_, _, err = first.Next(new(queue.Block), 1)
	require.NoError(t, err)
	b.stop() // SIGSTOP
	first.Release(31)
	var second *Stream
	c.eventually(func() bool {
		second, err = c.Adopt(t.Context(), c.orphan())
		return err == nil
	}, "the lease of the first is over")
	require.Equal(t, uint64(1), second.Claim().Head)
	require.False(t, first.Held(), "by its own clock")
	_, _, err = first.Next(new(queue.Block), 11)
	require.ErrorIs(t, err, ErrNotHeld)
	b.proceed()
	b.eventually(first.IsGone, "it sees it")
	require.Equal(t, int64(10), length(t, c.client, second), "and has deleted nothing")
	_, missing := drain(t, second, 1)
	require.Zero(t, missing)
	second.Release(101)
	c.eventually(second.IsGone, "it is emptied")
	for _, r := range []*relay{b, c} {
		r.eventually(func() bool { return len(r.Orphans()) == 0 }, "nothing is left to adopt")
	}
}

// An adopter that stood still, and that nobody has replaced, goes on.
func TestAdopterGoesOn(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	a, b := startRelay(t, server, "a"), startRelay(t, server, "b")
	fill(t, a.own(0, 0), 1, 101)
	a.stop()
	st, err := b.Adopt(t.Context(), b.orphan())
	require.NoError(t, err)
	number := st.Claim().Number
	b.stop()
	require.Eventually(t, func() bool { return !st.Held() }, soon, time.Millisecond)
	b.proceed()
	b.eventually(st.Held, "it is renewed")
	require.Equal(t, number, st.Claim().Number)
}

// Of those who adopt at one time, one gets it.
func TestAdoptersRace(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	a := startRelay(t, server, "a")
	fill(t, a.own(0, 0), 1, 101)
	relays := make([]*relay, 4)
	for i := range relays {
		relays[i] = startRelay(t, server, fmt.Sprint("r", i))
	}
	a.stop()
	orphans := make([]Orphan, len(relays))
	for i, r := range relays {
		orphans[i] = r.orphan()
	}
	var mu sync.Mutex
	var won []*Stream
	var adopters sync.WaitGroup
	for i, r := range relays {
		adopters.Go(func() {
			st, err := r.Adopt(t.Context(), orphans[i])
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won = append(won, st)
			} else {
				require.ErrorIs(t, err, ErrNotHeld)
			}
		})
	}
	adopters.Wait()
	require.Len(t, won, 1)
	require.True(t, won[0].Held())
}

// FLUSHALL takes what was adopted: the adopter says so, and the owner hears that it need
// not.
func TestFlushAllOfAnAdopted(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	a, b := startRelay(t, server, "a"), startRelay(t, server, "b")
	fill(t, a.own(0, 0), 1, 101)
	a.stop()
	st, err := b.Adopt(t.Context(), b.orphan())
	require.NoError(t, err)
	number := st.Claim().Number
	server.Flush()
	b.eventually(func() bool { return st.Claim().Number > number && st.Held() }, "it is claimed anew")
	require.Equal(t, uint64(101), st.Claim().Head)
	_, missing := drain(t, st, 1)
	require.Equal(t, uint64(100), missing)
	st.Release(101)
	b.eventually(st.IsGone, "it is let go")
	a = startRelay(t, server, "a")
	owned := a.own(1, 101)
	require.Equal(t, uint64(101), owned.Claim().TakenUntil)
}

// An adopter that ends lets go, so that the next one need not wait.
func TestCloseOfAnAdopter(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	a := startRelay(t, server, "a")
	fill(t, a.own(0, 0), 1, 101)
	long := func(o *Options) { o.Lease = 3 * time.Second }
	b := startRelay(t, server, "b", long)
	a.stop()
	st, err := b.Adopt(t.Context(), b.orphan())
	require.NoError(t, err)
	st.Release(31)
	b.stop()
	b.Close(t.Context())
	require.True(t, st.IsGone())
	require.Equal(t, "", b.client.HGet(t.Context(), st.keys[1], "holder").Val())
	require.Equal(t, int64(7), length(t, b.client, st))
	c := startRelay(t, server, "c")
	again, err := c.Adopt(t.Context(), c.orphan())
	require.NoError(t, err)
	require.Equal(t, uint64(31), again.Claim().Head)
	require.Equal(t, uint64(31), again.Claim().TakenUntil)
}

// Who was not there for a lease does not know who else could not renew.
func TestNoOrphansAfterABreak(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	a := startRelay(t, server, "a")
	b := startRelay(t, server, "b", func(o *Options) { o.CallTimeout = 500 * time.Millisecond })
	fill(t, a.own(0, 0), 1, 11)
	a.stop()
	b.orphan()
	server.Stop()
	b.eventually(func() bool { return b.Trouble() != nil }, "it is seen")
	require.Empty(t, b.Orphans())
	server.Continue()
	b.eventually(func() bool { return b.Trouble() == nil }, "it is back")
	b.mu.Lock()
	back := b.well
	b.mu.Unlock()
	b.orphan()
	require.GreaterOrEqual(t, time.Since(back), testLease)
}
