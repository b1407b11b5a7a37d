package several

import (
	"maps"
	"slices"
	"syscall"
	"testing"
	"time"

	"transfer/sender/servertest"
	"transfer/transfer/trial"
)

// turn is something that goes on for a while: it begins, and later it ends.
type turn struct {
	name       string
	begin, end func()
	on         bool
}

// Relays, Redis and a graph fail and come back at random, two of a kind at once: whatever
// comes together, nothing is lost and the order of each relay holds.
func TestAnythingTogether(t *testing.T) {
	t.Parallel()
	suite.OnlyInFull(t)
	f := newFleet(t, trial.Case{
		Name: "anything together", Injected: "for two minutes relays are killed and stopped, Redis is killed and stopped, graphs are down and slow, at random",
		Expected: "nothing acknowledged lost, the order of each relay holds",
	}, overflowing)
	for _, relay := range f.Relays {
		maps.Copy(relay.Config["redis"].(trial.Section), trial.Section{"lease": "2s", "callTimeout": 500})
	}
	load := trial.Load{Rate: 6000, Answers: true} // lines may lie unread in a stopped relay
	f.start(load)
	var turns []*turn
	for i, relay := range f.Relays {
		turns = append(turns,
			&turn{name: relayID(i) + " killed", begin: func() { relay.Kill(); f.killed(load) }, end: func() { relay.Start() }},
			&turn{name: relayID(i) + " stopped", begin: func() { relay.Now.Signal(syscall.SIGSTOP); f.killed(load) }, end: func() { relay.Now.Signal(syscall.SIGCONT) }})
	}
	turns = append(turns, redisTurns(f.redis)...)
	for _, graph := range []trial.SinkIn{f.graphs[2], f.graphs[3]} {
		well := func() { graph.Fail(t, trial.Well()) }
		turns = append(turns,
			&turn{name: "a graph is down", begin: func() { graph.Fail(t, trial.Dead()) }, end: well},
			&turn{name: "a graph is slow", begin: func() { graph.Fail(t, slow()) }, end: well})
	}
	random := suite.Chance(t)
	for until := time.Now().Add(2 * time.Minute); time.Now().Before(until); time.Sleep(time.Duration(random.IntN(1500)) * time.Millisecond) {
		// A pair is of one thing: it is in one of two states at most.
		i := random.IntN(len(turns))
		one, other := turns[i], turns[i^1]
		switch {
		case one.on:
			one.end()
		case other.on || i < 2*relays && f.running() == 1:
			continue
		default:
			one.begin()
		}
		one.on = !one.on
		t.Logf("%s: %t", one.name, one.on)
	}
	for _, one := range turns {
		if one.on {
			one.end()
		}
	}
	f.approximate = true // what is counted twice by a crash may be counted twice as moved
	f.Flows()
	f.settled()
}

// redisTurns are what may happen to Redis.
func redisTurns(r *servertest.Redis) []*turn {
	return []*turn{
		{name: "Redis killed", begin: r.Kill, end: r.Restart},
		{name: "Redis stopped", begin: r.Stop, end: r.Continue},
	}
}

// running returns how many relays have not been killed.
func (f *fleet) running() int {
	return len(slices.DeleteFunc(slices.Clone(f.Relays), func(r *trial.Relay) bool { return !r.Runs() }))
}
