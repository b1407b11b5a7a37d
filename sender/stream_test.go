package sender

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/sender/overflow"
	"transfer/sender/queue"
)

// P3, P4: a backlog goes to Redis, in order, and comes back.
func TestBacklogInRedis(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newStreamBed(t, p)
	bed.section.Lanes = 2
	s := bed.startHolding(t, nil)
	const points = 50_000
	bed.putAll(t, 0, points)
	row := bed.requireBalanced(t)
	require.True(t, row.Spooled)
	require.Equal(t, []uint64{points, points, 0}, []uint64{row.Queued, row.RedisPoints, row.SpoolPoints})
	require.Positive(t, row.RedisBytes)
	require.Zero(t, row.SpoolBytes)
	require.NoError(t, s.Trouble())
	rows, err := s.Backlogs()
	require.NoError(t, err)
	require.Len(t, rows, 2)
	require.Equal(t, uint64(points), rows[0].Redis+rows[1].Redis)

	p.away(false)
	eventually(t, "all arrive", func() bool { return bed.target().Delivered == points })
	requireRising(t, p.points(), 2)
	putBatches(s, points, points+10)
	eventually(t, "it is live", func() bool { return bed.target().Delivered == points+10 })
	require.False(t, bed.target().Spooled)
	eventually(t, "Redis has its memory back", func() bool {
		bed.keep(points + 10)
		return bed.target().RedisBytes == 0
	})
	row = bed.requireBalanced(t)
	require.Empty(t, row.Dropped)
	require.Len(t, p.points(), points+10, "nothing comes twice")
	bed.stop(t, points+10)
}

// What waits in Redis is shown as what waits on disk is.
func TestStreamIsVisited(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newStreamBed(t, p)
	s := bed.startHolding(t, nil)
	bed.putAll(t, 0, 200)
	var seen []int
	visit := func(b *queue.Block, first uint64, encoding string) bool {
		require.Equal(t, "peer/1", encoding)
		require.Equal(t, uint64(len(seen)+1), first)
		for i := range b.Items {
			n, err := strconv.Atoi(string(b.Item(i)))
			require.NoError(t, err)
			seen = append(seen, n)
		}
		return len(seen) < 100
	}
	damaged, err := s.VisitSpool("peer", 0, visit)
	require.NoError(t, err)
	require.Zero(t, damaged)
	require.Equal(t, upTo(len(seen)), seen)
	require.GreaterOrEqual(t, len(seen), 100)

	purged := uint64(0)
	eventually(t, "all is purged, also what was being tried", func() bool {
		points, err := s.PurgeSpool("peer")
		require.NoError(t, err)
		purged += points
		return purged == 200
	})
	eventually(t, "Redis has its memory back", func() bool {
		bed.keep(200)
		return bed.target().RedisBytes == 0
	})
	bed.stop(t, 200)
}

// P5: what a stop or a kill leaves is sent by the next process, from Redis and from what the
// journal has behind the mark.
func TestRestartWithAStream(t *testing.T) {
	for _, killed := range []bool{false, true} {
		p := &peer{}
		p.away(true)
		bed := newStreamBed(t, p)
		bed.startHolding(t, nil)
		bed.putAll(t, 0, 1000)
		stored := bed.keep(1000)
		putBatches(bed.sender, 1000, 1100)
		if killed {
			bed.sender.Unburden(1100)
			eventually(t, "more is in Redis than is stored", func() bool { return bed.target().RedisPoints == 1100 })
		}
		state := bed.stop(t, 1100)
		if killed {
			state = stored
		}
		require.Equal(t, []uint64{1000, 1, 1001}, []uint64{
			state.Targets[0].Lanes[0].Mark, max(1, state.Targets[0].Lanes[0].ReadStream), state.Targets[0].Lanes[0].EndStream,
		})

		s := bed.start(t, state)
		require.Equal(t, uint64(1000), bed.target().RedisPoints, "also before Redis is asked")
		putBatches(s, 1000, 1100)
		p.away(false)
		eventually(t, "all arrive", func() bool { return bed.target().Delivered == 1100 })
		require.Equal(t, upTo(1100), p.points())
		require.Equal(t, uint64(1100), bed.requireBalanced(t).Accepted)
		bed.stop(t, 1100)
	}
}

// P9: a relay that has lost its state sends what it has in Redis.
func TestStreamWithoutAState(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newStreamBed(t, p)
	bed.startHolding(t, nil)
	bed.putAll(t, 0, 1000)
	bed.stop(t, 1000)
	p.away(false)
	bed.start(t, nil)
	eventually(t, "all arrive", func() bool { return bed.target().Delivered == 1000 })
	require.Equal(t, upTo(1000), p.points())
	require.Equal(t, uint64(1000), bed.requireBalanced(t).Accepted)
	bed.stop(t, 1000)
}

// Beyond its share of Redis a backlog goes to disk, all of it from there on, and back to
// Redis only when nothing is left on disk.
func TestFullStreamGoesToDisk(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newStreamBed(t, p, "--maxmemory", "32mb")
	bed.redis.change = func(o *overflow.Options) { o.StreamShare = 0.02 }
	s := bed.startHolding(t, nil)
	const points = 100_000
	bed.putAll(t, 0, points)
	row := bed.requireBalanced(t)
	require.Positive(t, row.RedisPoints)
	require.Positive(t, row.SpoolPoints)
	require.Equal(t, uint64(points), row.RedisPoints+row.SpoolPoints)
	require.LessOrEqual(t, row.RedisBytes, int64(32<<20)/50)
	inRedis := int(row.RedisPoints)

	enough := make(chan struct{})
	p.mu.Lock()
	p.always = func(*call) error {
		if len(p.taken) > inRedis+1000 {
			<-enough
		}
		return nil
	}
	p.mu.Unlock()
	p.away(false)
	eventually(t, "Redis has nothing left", func() bool {
		bed.keep(points)
		row := bed.target()
		return row.RedisPoints == 0 && row.RedisBytes == 0
	})
	putBatches(s, points, points+1000)
	bed.leaveMemory(t, points+1000)
	require.Zero(t, bed.target().RedisPoints, "it would overtake what is on disk")
	close(enough)
	eventually(t, "all arrive", func() bool { return bed.target().Delivered == points+1000 })
	require.Equal(t, upTo(points+1000), p.points())

	p.away(true)
	s.targets()[0].lanes[0].blocks.Nudge()
	p.mu.Lock()
	p.always = func(*call) error { return errors.New("reset") }
	p.mu.Unlock()
	bed.putAll(t, points+1000, points+2000)
	row = bed.requireBalanced(t)
	require.Equal(t, []uint64{1000, 0}, []uint64{row.RedisPoints, row.SpoolPoints}, "the disk has nothing left")
	bed.stop(t, points+2000)
}

// What a replay has put elsewhere than it was goes to disk until all of it is safe: no state
// is stored meanwhile, so that Redis could not be left for the disk.
func TestMovedReplayKeepsToTheDisk(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newStreamBed(t, p)
	s := bed.startHolding(t, nil)
	replay := s.Replay(&State{})
	replay.Route([]byte(`{"backends":[{"name":"peer","lanes":2}]}`))
	r := journaled{first: 1}
	for range 1000 {
		r.hashes = append(r.hashes, rand.Uint32())
	}
	r.put(s, replay)
	require.True(t, replay.Moved())
	s.Unburden(1001)
	eventually(t, "all of it is on disk", func() bool { return bed.target().SpoolPoints == 1000 })
	require.Zero(t, bed.target().RedisPoints)

	replay.Settle(1000)
	p.away(false)
	eventually(t, "all arrive", func() bool { return bed.target().Delivered == 1000 })
	p.mu.Lock()
	p.always = func(*call) error { return errors.New("reset") }
	p.mu.Unlock()
	bed.putAll(t, 1000, 2000)
	row := bed.requireBalanced(t)
	require.Positive(t, row.RedisPoints)
	require.Zero(t, row.SpoolPoints)
	bed.stop(t, 2000)
}

// A Redis without memory takes nothing, and costs nothing.
func TestRedisWithoutMemory(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newStreamBed(t, p)
	bed.redis.change = func(o *overflow.Options) { o.Share, o.StreamShare = 1, 1 }
	s := bed.startHolding(t, nil)
	bed.putAll(t, 0, 1000)
	bed.redis.Set("maxmemory", "1")
	bed.putAll(t, 1000, 2000)
	row := bed.requireBalanced(t)
	require.Equal(t, []uint64{1000, 1000}, []uint64{row.RedisPoints, row.SpoolPoints})
	require.NoError(t, s.Trouble())
	p.away(false)
	eventually(t, "all arrive", func() bool { return bed.target().Delivered == 2000 })
	require.Equal(t, upTo(2000), p.points())
	bed.stop(t, 2000)
}

// While Redis hangs, what waits there waits, and what comes waits on disk behind it.
func TestRedisHangsWithABacklog(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newStreamBed(t, p)
	s := bed.startHolding(t, nil)
	bed.putAll(t, 0, 50_000)
	bed.redis.Stop()
	bed.putAll(t, 50_000, 51_000)
	row := bed.requireBalanced(t)
	require.Equal(t, []uint64{50_000, 1000}, []uint64{row.RedisPoints, row.SpoolPoints})
	require.NoError(t, s.Trouble(), "the disk takes over")
	require.Error(t, s.shared.storage.Overflow.Trouble())
	time.Sleep(2 * streamLease)
	before := len(p.points())
	p.away(false)
	time.Sleep(500 * time.Millisecond)
	require.Len(t, p.points(), before, "another relay may send it by now")

	bed.redis.Continue()
	eventually(t, "all arrive", func() bool { return bed.target().Delivered == 51_000 })
	require.Equal(t, upTo(51_000), p.points())
	bed.requireBalanced(t)
	bed.stop(t, 51_000)
}

// A stop does not wait for a Redis that hangs.
func TestStopWhileRedisHangs(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newStreamBed(t, p)
	bed.startHolding(t, nil)
	bed.putAll(t, 0, 1000)
	bed.redis.Stop()
	eventually(t, "it is seen", func() bool { return bed.sender.shared.storage.Overflow.Trouble() != nil })
	time.Sleep(2 * streamLease)
	p.away(false)
	began := time.Now()
	ctx, cancel := contextWithin(20 * time.Second)
	defer cancel()
	require.Equal(t, uint64(1000), bed.sender.Stop(ctx))
	require.Less(t, time.Since(began), 15*time.Second)
	state := bed.sender.State(1000)
	require.NoError(t, bed.sender.Close())
	require.NoError(t, bed.client.Close())

	bed.redis.Continue()
	bed.start(t, state)
	eventually(t, "all arrive", func() bool { return bed.target().Delivered == 1000 })
	require.Equal(t, upTo(1000), p.points())
	bed.stop(t, 1000)
}

// What FLUSHALL destroys is counted, also while nothing is sent; the rest arrives.
func TestFlushedStream(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newStreamBed(t, p)
	bed.startHolding(t, nil)
	bed.putAll(t, 0, 10_000)
	bed.redis.Flush()
	eventually(t, "it is counted", func() bool {
		bed.keep(10_000)
		return bed.target().Dropped["redis_lost"] > 0
	})
	row := bed.requireBalanced(t)
	lost := row.Dropped["redis_lost"]
	require.Equal(t, uint64(10_000), lost+row.Queued)
	require.Less(t, row.Queued, uint64(1000), "what had been read is not lost")
	bed.putAll(t, 10_000, 11_000)
	require.Positive(t, bed.target().RedisPoints, "it is used again")
	p.away(false)
	eventually(t, "all that is left arrives", func() bool { return bed.target().Queued == 0 })
	row = bed.requireBalanced(t)
	require.Equal(t, []uint64{11_000 - lost, lost}, []uint64{row.Delivered, row.DroppedTotal()})
	requireRising(t, p.points(), 1)
	bed.stop(t, 11_000)
}

// P3: a Redis that writes each append to its own disk loses nothing by kill -9.
func TestRedisIsKilled(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newStreamBed(t, p, "--appendonly", "yes", "--appendfsync", "always")
	bed.startHolding(t, nil)
	bed.putAll(t, 0, 5000)
	bed.redis.Kill()
	bed.putAll(t, 5000, 6000)
	require.Positive(t, bed.target().SpoolPoints)
	bed.redis.Restart()
	p.away(false)
	eventually(t, "all arrive", func() bool { return bed.target().Delivered == 6000 })
	require.Equal(t, upTo(6000), p.points())
	require.Empty(t, bed.requireBalanced(t).Dropped)
	bed.stop(t, 6000)
}

// With "redis" alone, what Redis does not take waits in memory, and health says so.
func TestRedisWithoutADisk(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newStreamBed(t, p)
	bed.section.Overflow = overflowRedis
	s := bed.startHolding(t, nil)
	bed.putAll(t, 0, 1000)
	bed.redis.Stop()
	putBatches(s, 1000, 1100)
	s.Unburden(1100)
	eventually(t, "it says so", func() bool { return s.Trouble() != nil })
	require.ErrorContains(t, s.Trouble(), `overflow is "redis"`)
	row := bed.requireBalanced(t)
	require.Zero(t, row.SpoolPoints)
	bed.redis.Continue()
	eventually(t, "all is well", func() bool {
		s.Unburden(1100)
		return s.Trouble() == nil && bed.target().RedisPoints == 1100
	})
	p.away(false)
	eventually(t, "all arrive", func() bool { return bed.target().Delivered == 1100 })
	require.Equal(t, upTo(1100), p.points())
	bed.stop(t, 1100)
}

// P3: at maxAge what is in Redis goes too, whether Redis answers or not.
func TestStreamsDieOfAge(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newStreamBed(t, p)
	bed.section.MaxAge = 3 * time.Second
	bed.startHolding(t, nil)
	bed.putAll(t, 0, 1000)
	bed.redis.Stop()
	time.Sleep(4 * time.Second)
	eventually(t, "it is dropped", func() bool { return bed.target().Dropped["age"] == 1000 })
	require.Zero(t, bed.requireBalanced(t).Queued)
	bed.keep(1000)
	bed.redis.Continue()
	eventually(t, "Redis has its memory back", func() bool { return bed.target().RedisBytes == 0 })
	bed.stop(t, 1000)
}

// What another relay has delivered while this one was gone has moved out.
func TestOthersDeliveredSome(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newStreamBed(t, p)
	bed.startHolding(t, nil)
	bed.putAll(t, 0, 5000)
	state := bed.stop(t, 5000)

	other, client := bed.redis.open("relay-b")
	stop := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		other.Run(stop)
	}()
	eventually(t, "it is an orphan", func() bool { return len(other.Orphans()) == 1 })
	stream, err := other.Adopt(t.Context(), other.Orphans()[0])
	require.NoError(t, err)
	require.Equal(t, "peer", stream.Meta().Target)
	require.Contains(t, string(stream.Meta().Routing), `"name":"peer"`)
	stream.Release(2001)
	eventually(t, "it has given some free", func() bool {
		n, err := client.XLen(t.Context(), "test:{o:relay-a/peer/0}:stream").Result()
		require.NoError(t, err)
		return n < 200
	})

	bed.start(t, state)
	p.away(false)
	time.Sleep(300 * time.Millisecond)
	require.Empty(t, p.points(), "the other one has it")
	close(stop)
	<-ended
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	other.Close(ctx)
	require.NoError(t, client.Close())

	eventually(t, "the rest arrives", func() bool { return bed.target().Queued == 0 })
	row := bed.requireBalanced(t)
	require.Positive(t, row.MovedOut)
	require.LessOrEqual(t, row.MovedOut, uint64(2000))
	require.Equal(t, uint64(5000), row.MovedOut+row.Delivered)
	require.Empty(t, row.Dropped)
	require.Equal(t, upTo(5000)[row.MovedOut:], p.points())
	bed.stop(t, 5000)
}

// A relay without Redis keeps what it knows of what lies there.
func TestRedisIsNotConfiguredForATime(t *testing.T) {
	p := &peer{}
	p.away(true)
	bed := newStreamBed(t, p)
	bed.startHolding(t, nil)
	bed.putAll(t, 0, 1000)
	state := bed.stop(t, 1000)
	with := bed.redis
	bed.redis, bed.client = nil, nil
	p.away(false)
	s := bed.start(t, state)
	putBatches(s, 1000, 1100)
	eventually(t, "what comes arrives", func() bool { return bed.target().Delivered == 100 })
	state = bed.stop(t, 1100)
	bed.redis = with
	bed.start(t, state)
	eventually(t, "all arrive", func() bool { return bed.target().Delivered == 1100 })
	bed.requireBalanced(t)
	bed.stop(t, 1100)
}
