package overflow

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"transfer/sender/queue"
	"transfer/sender/servertest"
)

// deaf is a hook that counts appends, and loses the replies to the calls that it is told to
// lose: Redis does what they ask for, and the caller does not hear of it.
type deaf struct {
	mu      sync.Mutex
	lose    func(redis.Cmder) bool
	appends int // that were called
}

// count returns how many appends were called.
func (d *deaf) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.appends
}

func (d *deaf) set(lose func(redis.Cmder) bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lose = lose
}

func (d *deaf) DialHook(next redis.DialHook) redis.DialHook { return next }

func (d *deaf) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (d *deaf) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		d.mu.Lock()
		defer d.mu.Unlock()
		if appends(cmd) {
			d.appends++
		}
		if err == nil && d.lose != nil && d.lose(cmd) {
			err = errors.New("the reply is lost")
			cmd.SetErr(err)
		}
		return err
	}
}

// appends reports whether the command is an append of ours.
func appends(cmd redis.Cmder) bool {
	args := cmd.Args()
	return strings.HasPrefix(cmd.Name(), "eval") && len(args) > 12 && args[len(args)-2] == fieldRun
}

// The entry is there, and its owner thinks not: it puts the points elsewhere, and others in
// their place.
func TestLostReplies(t *testing.T) {
	t.Parallel()
	r := startRelay(t, servertest.StartRedis(t), "a")
	var d deaf
	r.client.AddHook(&d)
	st := r.own(0, 0)
	for round := range uint64(3) { // the first is one that makes the stream
		end := st.End()
		wrong := bulk(100)
		wrong.Close(8)
		d.set(appends)
		_, err := st.Append(wrong)
		require.ErrorContains(t, err, "the reply is lost", round)
		d.set(nil)
		require.Equal(t, end, st.End())
		require.Error(t, r.Trouble())
		require.False(t, st.Writable(), "nobody tries until it is looked at")
		_, err = st.Append(block(end, 1))
		require.Error(t, err)

		r.eventually(st.Writable, "it can be written again")
		fill(t, st, end, end+20)
		require.Equal(t, int64(2*(round+1)), length(t, r.client, st))
		_, missing := drain(t, st, 1)
		require.Zero(t, missing, "and nothing is twice")
	}
}

// Without a further append nobody is given what the owner has elsewhere.
func TestLostReplyIsCleared(t *testing.T) {
	t.Parallel()
	r := startRelay(t, servertest.StartRedis(t), "a")
	var d deaf
	r.client.AddHook(&d)
	st := r.own(0, 0)
	fill(t, st, 1, 21)
	d.set(appends)
	_, err := st.Append(bulk(100))
	require.Error(t, err)
	d.set(nil)
	r.eventually(func() bool { return length(t, r.client, st) == 2 }, "it is deleted")
}

// A call that was given up comes when a later one is done: it is refused.
func TestLateCalls(t *testing.T) {
	t.Parallel()
	r := startRelay(t, servertest.StartRedis(t), "a")
	st := r.own(0, 0)
	fill(t, st, 1, 21)
	r.stop()
	s, ctx := r.Store, t.Context()
	fence, attempt := st.fence, st.attempt+1
	lateAppend := append([]any{"a", fence, 1000, attempt, 21, 22, 1, 0}, (&origin{}).appendEntry(nil, bulk(9), []byte("x"), 1, 21)...)
	lateRenew := []any{"a", fence, 1000, attempt, 21, ""}
	lateClaim := append([]any{"a", 1000, "", "own", 1, "1"}, st.meta.fields()...)
	st.attempt++
	fill(t, st, 21, 41)
	for _, late := range []struct {
		script *redis.Script
		args   []any
	}{{s.scripts.append, lateAppend}, {s.scripts.renew, lateRenew}, {s.scripts.claim, lateClaim}} {
		a, err := s.call(ctx, late.script, st, late.args...)
		require.NoError(t, err)
		require.Equal(t, isLate, a.word)
	}
	require.True(t, st.Held())
	_, missing := drain(t, st, 1)
	require.Zero(t, missing)
}

// An append that was given up comes when its stream is empty and not needed any more: the
// stream stays its owner's until what came is deleted.
func TestLateAppendKeepsTheStream(t *testing.T) {
	t.Parallel()
	r := startRelay(t, servertest.StartRedis(t), "a")
	st := r.own(0, 0)
	fill(t, st, 1, 21)
	r.stop()
	s, ctx := r.Store, t.Context()
	st.attempt++
	late := append([]any{"a", st.fence, 1000, st.attempt, 21, 22, 1, 0}, (&origin{}).appendEntry(nil, bulk(9), []byte("x"), 1, 21)...)
	a, err := s.call(ctx, s.scripts.append, st, late...)
	require.NoError(t, err)
	require.Equal(t, isHeld, a.word)

	st.Release(21)
	st.used = st.used.Add(-2 * testLease)
	require.NoError(t, s.releaseAll(ctx))
	require.Equal(t, int64(1), length(t, r.client, st))
	require.True(t, st.is(held))
	listed, err := r.client.SIsMember(ctx, s.registry(), st.name).Result()
	require.NoError(t, err)
	require.True(t, listed, "others may find it, should its owner end now")

	r.proceed()
	r.eventually(func() bool { return length(t, r.client, st) == 0 }, "what came late is deleted")
	r.eventually(func() bool { return st.is(absent) }, "then the stream is not needed")
	listed, err = r.client.SIsMember(ctx, s.registry(), st.name).Result()
	require.NoError(t, err)
	require.False(t, listed)
}

// At maxmemory nothing more is appended, and all else works.
func TestMaxmemory(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t, "--maxmemory", "100mb")
	r := startRelay(t, server, "a")
	st := r.own(0, 0)
	fill(t, st, 1, 101)
	server.Set("maxmemory", "1mb")
	_, err := st.Append(block(101, 10))
	require.ErrorIs(t, err, ErrFull, "by what Redis says")
	require.False(t, st.Writable())
	require.NoError(t, r.Trouble(), "that is none")
	time.Sleep(2 * testLease)
	r.eventually(st.Held, "it is renewed")
	other := r.Own(StreamOptions{Target: "judge/j/h:1", Lanes: 1, Encoding: testEncoding})
	time.Sleep(2 * lookEvery)
	_, err = other.Append(block(1, 10))
	require.ErrorIs(t, err, ErrFull, "none is made")

	_, missing := drain(t, st, 1)
	require.Zero(t, missing)
	st.Release(51)
	r.eventually(func() bool { return length(t, r.client, st) == 5 }, "it is deleted")
	r.stop()
	r = startRelay(t, server, "a")
	st = r.Own(options(51, 91))
	r.eventually(st.Held, "it is claimed")
	r.eventually(func() bool { return length(t, r.client, st) == 4 }, "the end is cut")

	r.stop()
	b := startRelay(t, server, "b")
	adopted, err := b.Adopt(t.Context(), b.orphan())
	require.NoError(t, err)
	_, missing = drain(t, adopted, 51)
	require.Zero(t, missing)
	adopted.Release(91)
	b.eventually(adopted.IsGone, "it is emptied, and let go")

	server.Set("maxmemory", "100mb")
	r = startRelay(t, server, "a")
	st = r.own(51, 91)
	require.Equal(t, [3]uint64{91, 91, 91}, [3]uint64{st.Claim().Head, st.Claim().End, st.Claim().TakenUntil})
	fill(t, st, 91, 101)
}

// kill -9 of a Redis that has each write on disk: it goes on where it was.
func TestKillOfRedis(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always")
	r := startRelay(t, server, "a")
	st := r.own(0, 0)
	fill(t, st, 1, 101)
	server.Kill()
	_, err := st.Append(block(101, 10))
	require.Error(t, err)
	require.False(t, errors.Is(err, ErrFull) || errors.Is(err, ErrNotHeld))
	require.Error(t, r.Trouble())
	require.False(t, st.Writable())
	r.eventually(func() bool { return !st.Held() }, "the lease is over")
	_, _, err = st.Next(new(queue.Block), 1)
	require.ErrorIs(t, err, ErrNotHeld)
	number := st.Claim().Number
	server.Restart()
	r.eventually(st.Writable, "it is back by itself")
	require.Equal(t, number, st.Claim().Number, "nothing has changed")
	fill(t, st, 101, 121)
	_, missing := drain(t, st, 1)
	require.Zero(t, missing)
}

// A Redis that stands still holds up each caller once, and then none.
func TestStopOfRedis(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	const callTimeout = 200 * time.Millisecond
	r := startRelay(t, server, "a", func(o *Options) { o.CallTimeout = callTimeout })
	var d deaf
	r.client.AddHook(&d)
	st := r.own(0, 0)
	fill(t, st, 1, 51)
	empty := r.Own(StreamOptions{Target: "judge/j/h:1", Lanes: 1, Encoding: testEncoding})
	r.eventually(empty.Writable, "it is writable")
	server.Stop()
	var callers sync.WaitGroup
	for range 8 {
		for _, st := range []*Stream{st, empty} {
			callers.Go(func() {
				_, err := st.Append(block(51, 10))
				require.Error(t, err)
			})
		}
	}
	callers.Wait()
	require.Error(t, r.Trouble())
	calls := d.count()
	require.Positive(t, calls)
	for range 100 {
		_, err := st.Append(block(51, 10))
		require.Error(t, err)
	}
	require.Equal(t, calls, d.count(), "none of them has asked Redis")
	r.eventually(func() bool { return !st.Held() }, "the lease is over")
	server.Continue()
	r.eventually(func() bool { return st.Writable() && empty.Writable() }, "it is back by itself")
	r.eventually(func() bool { return length(t, r.client, empty) == 0 }, "what was given up did nothing that lasts")
	fill(t, st, 51, 101)
	fill(t, empty, 1, 11)
	for _, st := range []*Stream{st, empty} {
		_, missing := drain(t, st, 1)
		require.Zero(t, missing)
	}
}

// Another policy than noeviction: nothing is written, what is there is sent on.
func TestPolicy(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	r := startRelay(t, server, "a")
	st := r.own(0, 0)
	fill(t, st, 1, 51)
	server.Set("maxmemory-policy", "allkeys-lru")
	r.eventually(func() bool { return r.Trouble() != nil }, "it is seen")
	var policy *PolicyError
	require.ErrorAs(t, r.Trouble(), &policy)
	require.ErrorContains(t, policy, "CONFIG SET maxmemory-policy noeviction")
	require.ErrorAs(t, r.Look(t.Context()), &policy)
	require.False(t, st.Writable())
	time.Sleep(2 * testLease)
	r.eventually(st.Held, "it is renewed")
	_, missing := drain(t, st, 1)
	require.Zero(t, missing)
	st.Release(51)
	r.eventually(func() bool { return length(t, r.client, st) == 0 }, "it is deleted")
	server.Set("maxmemory-policy", "noeviction")
	r.eventually(st.Writable, "it is well again")
}

// A server that takes no writes is no use.
func TestReplica(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	r := startRelay(t, server, "a")
	host, port, err := net.SplitHostPort(server.Address)
	require.NoError(t, err)
	require.NoError(t, r.client.Do(t.Context(), "REPLICAOF", host, port).Err())
	r.eventually(func() bool { return r.Trouble() != nil }, "it is seen")
	require.NoError(t, r.client.Do(t.Context(), "REPLICAOF", "NO", "ONE").Err())
	r.eventually(func() bool { return r.Trouble() == nil }, "it is well again")
}

// What a relay is started with when Redis is away.
func TestRedisIsAwayFromTheStart(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	server.Kill()
	r := startRelay(t, server, "a")
	require.Error(t, r.Trouble())
	require.Error(t, r.Look(t.Context()))
	st := r.Own(options(1, 51))
	require.False(t, st.Writable())
	require.False(t, st.Held())
	require.Equal(t, uint64(51), st.End())
	require.Zero(t, st.Claim())
	server.Restart()
	r.eventually(st.Held, "what it had is asked for")
	require.Equal(t, Claim{Number: st.Claim().Number, Head: 51, End: 51}, st.Claim(), "all is lost")
}
