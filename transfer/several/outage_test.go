package several

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// outage is how long Redis is away.
func outage() time.Duration { return either(5*time.Second, 30*time.Second) }

// Redis goes away under load, with a backlog in it, and comes back: the relays go on on
// disk, no client notices, nothing is lost.
func TestRedisIsAway(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		away     func(f *fleet)
		comeBack func(f *fleet)
	}{
		{"kill -9 of Redis", func(f *fleet) { f.redis.Kill() }, func(f *fleet) { f.redis.Restart() }},
		{"SIGSTOP of Redis", func(f *fleet) { f.redis.Stop() }, func(f *fleet) { f.redis.Continue() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, trial.Case{
				Name: test.name, Injected: "for 30 s (5 s in the short form), a graph down meanwhile, points flow",
				Expected: "no client notices, health says it and stays ok, the disk takes over, nothing lost, order kept",
			}, overflowing)
			f.start(usual())
			f.fail(trial.Dead(), f.graphs[3])
			f.backlog(0, 1, 2)
			test.away(f)
			f.names(true)
			time.Sleep(outage())
			f.durable()
			f.Flows()
			test.comeBack(f)
			f.names(false)
			time.Sleep(lease())
			f.Flows()
			f.fail(trial.Well(), f.graphs[3])
			for i := range relays {
				f.drained(i, adoptTime())
			}
			f.undisturbed()
			f.settled()
		})
	}
}

// Redis takes no more: what follows goes to disk, and comes behind what lies in Redis.
func TestRedisIsFull(t *testing.T) {
	t.Parallel()
	f := newFleet(t, trial.Case{
		Name: "Redis is full", Injected: "maxmemory is reached while a graph is down, later raised again",
		Expected: "no client notices, the rest goes to disk, nothing lost, order kept",
	}, overflowing)
	f.start(usual())
	f.fail(trial.Dead(), f.graphs[3])
	f.backlog(0, 1, 2)
	f.redis.Set("maxmemory", "1mb") // less than it has
	time.Sleep(down())
	f.durable()
	f.Flows()
	f.redis.Set("maxmemory", "0")
	time.Sleep(2 * time.Second)
	f.fail(trial.Well(), f.graphs[3])
	f.undisturbed()
	f.settled()
}

// What lies in Redis is destroyed: so much is lost, counted, and no more.
func TestRedisIsFlushed(t *testing.T) {
	t.Parallel()
	f := newFleet(t, trial.Case{
		Name: "FLUSHALL", Injected: "all keys of Redis are deleted while a graph is down and points flow",
		Expected: "what lay there is lost and counted as redis_lost, and no more",
	}, overflowing)
	load := usual()
	load.Answers = true // what is lost must be known to the point
	f.start(load)
	f.fail(trial.Dead(), f.graphs[3])
	f.backlog(0, 1, 2)
	time.Sleep(down())
	f.redis.Flush()
	f.Flows()
	time.Sleep(down())
	f.durable()
	f.fail(trial.Well(), f.graphs[3])
	f.undisturbed()
	books := f.Settled(trial.DrainTime)
	lost := books.Totals.Dropped["redis_lost"]
	require.Positive(t, lost, "nothing is counted")
	require.Equal(t, lost, books.Totals.DroppedTotal(), "%v", books.Totals.Dropped)
	f.Allowed.Lost = int(lost)
	f.Note("%d points counted as redis_lost", lost)
	v := f.settled()
	require.Equal(t, int(lost), v.Lost, "what was lost is what was counted")
}
