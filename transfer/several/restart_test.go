package several

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// A relay ends while it drains what it has in Redis, and another process of it goes on at
// once: it is the owner, and no other relay has anything to adopt.
func TestOwnerGoesOn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		again func(f *fleet, r *trial.Relay, l trial.Load)
	}{
		{"kill -9", func(f *fleet, r *trial.Relay, l trial.Load) { r.Kill(); f.killed(l); r.Start() }},
		{"a stop", func(f *fleet, r *trial.Relay, l trial.Load) {
			r.Stop()
			f.Crashed = true               // of the requests that it cut off, some had no answer
			f.Allowed.Hasty = 1 << 30      // clients go elsewhere meanwhile
			f.Allowed.Duplicates += l.Rate // of what was in flight
			r.Start()
		}},
		{"an upgrade", func(f *fleet, r *trial.Relay, l trial.Load) {
			r.Upgrade()
			f.Crashed = true // as above
			f.Allowed.Hasty = 1 << 30
			f.Allowed.Duplicates += l.Rate
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.name != "kill -9" {
				suite.OnlyInFull(t)
			}
			f := newFleet(t, trial.Case{
				Name: test.name + " of a relay that drains from Redis", Injected: "a graph is down, then slow; a relay ends while it drains, and starts again at once, three times",
				Expected: "it goes on with its own backlog, order kept, nothing lost",
			}, overflowing)
			load := usual()
			load.Answers = true // lines that nobody has read yet are lost with their connection
			f.start(load)
			f.fail(trial.Dead(), f.graphs[3])
			f.backlog(0, 1, 2)
			time.Sleep(down())
			f.fail(slow(), f.graphs[3])
			for range 3 {
				time.Sleep(500 * time.Millisecond)
				test.again(f, f.Relays[0], load)
				f.Flows()
			}
			f.fail(trial.Well(), f.graphs[3])
			f.Flows()
			f.settled()
		})
	}
}

// Redis comes and goes while backlogs fill and drain.
func TestRedisFlaps(t *testing.T) {
	t.Parallel()
	suite.OnlyInFull(t)
	f := newFleet(t, trial.Case{
		Name: "Redis flaps", Injected: "Redis stands still for 1.5 s every 3 s while a graph is down, slow and up again",
		Expected: "no client notices, nothing lost, order kept",
	}, overflowing)
	f.start(usual())
	f.fail(trial.Dead(), f.graphs[3])
	f.backlog(0, 1, 2)
	flaps := either(2, 6)
	flap := func() {
		for range flaps {
			f.redis.Stop()
			time.Sleep(1500 * time.Millisecond)
			f.redis.Continue()
			time.Sleep(1500 * time.Millisecond)
		}
	}
	flap()
	f.fail(slow(), f.graphs[3])
	flap()
	f.fail(trial.Well(), f.graphs[3])
	flap()
	f.undisturbed()
	f.settled()
}

// A relay dies with its disk, and one of the same name starts on an empty one: what lies in
// Redis is its own, and arrives. What lay in its journal alone is lost.
func TestOwnerWithoutItsDisk(t *testing.T) {
	t.Parallel()
	suite.OnlyInFull(t)
	f := newFleet(t, trial.Case{
		Name: "a relay loses its disk", Injected: "a graph is down, a relay is killed, its data directory deleted; it starts again at once under the same name",
		Expected: "what it had in Redis arrives, in order",
	}, overflowing)
	load := usual()
	load.Answers = true
	f.start(load)
	f.fail(trial.Dead(), f.graphs[3])
	f.backlog(0, 1, 2)
	time.Sleep(2 * down())
	shelved, queued := f.shelved(0), f.Relays[0].MustLedger().Totals.Queued
	f.Relays[0].Kill()
	require.NoError(t, os.RemoveAll(f.Relays[0].Data))
	f.killed(load)
	f.Uncounted = true // its ledger began anew
	f.approximate = true
	f.Allowed.Lost = max(0, int(queued)-shelved) + 3*load.Rate/relays // and what it took in its last second
	f.Relays[0].Start()
	f.Flows()
	f.fail(trial.Well(), f.graphs[3])
	v := f.settled()
	t.Logf("%d of %d lay in Redis", shelved, queued)
	require.Less(t, v.Lost, shelved, "what lay in Redis is lost")
}
