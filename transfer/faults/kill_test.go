package faults

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/sink"
	"transfer/transfer/trial"
)

// startWithin is what a start may take here: 2 s are promised (P14), on a machine
// that has nothing else to do.
const startWithin = 5 * time.Second

// P1, P2, P4, P5: kill -9 at random times under load while a graph is away for half
// of the time.
func TestKilled(t *testing.T) {
	if !suite.Full() {
		t.Parallel()
	}
	kills := either(3, 20)
	l := trial.Load{Rate: either(2000, 40_000)}
	random := suite.Chance(t)
	site := suite.NewSite(t)
	var graphs []trial.SinkIn
	for _, node := range []string{"graph-00", "graph-01", "graph-02"} {
		graphs = append(graphs, site.Sink("graph", node))
	}
	site.Set("graph", "queueBytes", "4MiB") // what such a rate needs
	s := trial.NewStage(t, trial.Case{Name: "kill -9 under load", Injected: "SIGKILL at random times, a graph away for half of them",
		Expected: "nothing acknowledged lost, duplicates at most 1 s of traffic a kill"}, site, nil)
	s.Crashed = true
	s.Allowed.Duplicates = kills * l.Rate
	s.Relay.Start()
	s.Play(l)
	s.Flows()
	graphs[2].Fail(t, trial.Dead())
	var slowest time.Duration
	for n := range kills {
		if n == kills/2 {
			graphs[2].Fail(t, trial.Well())
		}
		time.Sleep(between(random, 50*time.Millisecond, either(800*time.Millisecond, 1500*time.Millisecond)))
		s.Relay.Kill()
		slowest = max(slowest, s.Relay.Start())
		s.Flows()
	}
	require.Less(t, slowest, startWithin)
	s.Note("%d kills, slowest start %s", kills, slowest.Round(time.Millisecond))
	s.Finish()
}

// P2: killed again while it replays, before it takes points.
func TestKilledWhileItStarts(t *testing.T) {
	t.Parallel()
	suite.OnlyInFull(t)
	random := suite.Chance(t)
	site, _, graphs := suite.UsualSite(t)
	s := trial.NewStage(t, trial.Case{Name: "kill -9 during the start", Injected: "SIGKILL within 300 ms of a start, ten times",
		Expected: "nothing acknowledged lost"}, site, nil)
	s.Crashed = true
	l := trial.Load{Rate: 10_000}
	s.Relay.Start()
	s.Play(l)
	s.Flows()
	graphs[3].Fail(t, trial.Dead())
	time.Sleep(2 * time.Second)
	s.Relay.Kill()
	const times = 10
	for range times {
		p := s.Relay.Launch()
		time.Sleep(between(random, 0, 300*time.Millisecond))
		p.Kill()
	}
	s.Allowed.Duplicates = (times + 1) * l.Rate * 3
	graphs[3].Fail(t, trial.Well())
	s.Relay.Start()
	s.Flows()
	s.Finish()
}

// P13: a stop under load, with a dead and a hung graph; a start later all is there.
func TestStopped(t *testing.T) {
	t.Parallel()
	site, _, graphs := suite.UsualSite(t)
	s := trial.NewStage(t, trial.Case{Name: "SIGTERM under load", Injected: "SIGTERM and a start, with a dead and a hung graph",
		Expected: "exit within 10 s, nothing acknowledged lost"}, site, nil)
	s.Crashed = true // lines that nobody has read are lost with their connection
	s.Relay.Start()
	s.Play(usual())
	s.Flows()
	graphs[2].Fail(t, trial.Dead())
	graphs[3].Fail(t, sink.Fault{Mode: sink.Hang})
	time.Sleep(outage())
	took := s.Relay.Stop()
	s.Relay.Start()
	s.Flows()
	graphs[2].Fail(t, trial.Well())
	graphs[3].Fail(t, trial.Well())
	s.Allowed.Duplicates = blockPoints // what was in flight to the hung one
	s.Note("the stop took %s", took.Round(time.Millisecond))
	s.Finish()
}

// blockPoints is more than the points of one call, the largest Block's.
const blockPoints = 16_000

// P13: a second signal ends the process at once, and loses nothing either.
func TestStoppedTwice(t *testing.T) {
	t.Parallel()
	site, _, graphs := suite.UsualSite(t)
	s := trial.NewStage(t, trial.Case{Name: "SIGTERM twice", Injected: "a second SIGTERM while the stop waits for a slow graph",
		Expected: "the process ends at once, nothing acknowledged lost"}, site, nil)
	s.Crashed = true
	l := usual()
	s.Relay.Start()
	s.Play(l)
	s.Flows()
	graphs[3].Fail(t, sink.Fault{Mode: sink.Slow, Delay: 3 * time.Second})
	time.Sleep(500 * time.Millisecond)
	s.Relay.Now.Signal(syscall.SIGTERM)
	time.Sleep(200 * time.Millisecond)
	s.Relay.Now.Signal(syscall.SIGTERM)
	require.True(t, s.Relay.Now.EndsWithin(3*time.Second), "it goes on after a second signal")
	graphs[3].Fail(t, trial.Well())
	s.Relay.Start()
	s.Flows()
	s.Allowed.Duplicates = 3*l.Rate + blockPoints
	s.Finish()
}

// between draws a duration.
func between(r *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(r.Int64N(int64(high-low+1)))
}
