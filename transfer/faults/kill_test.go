package faults

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/sink"
)

// startWithin is what a start may take here: 2 s are promised (P14), on a machine
// that has nothing else to do.
const startWithin = 5 * time.Second

// P1, P2, P4, P5: kill -9 at random times under load while a graph is away for half
// of the time.
func TestKilled(t *testing.T) {
	if !full {
		t.Parallel()
	}
	kills := either(3, 20)
	l := load{rate: either(2000, 40_000)}
	random := chance(t)
	site := newSite(t)
	var graphs []sinkIn
	for _, node := range []string{"graph-00", "graph-01", "graph-02"} {
		graphs = append(graphs, site.sink("graph", node))
	}
	site.set("graph", "queueBytes", "4MiB") // what such a rate needs
	s := newStage(t, fault{"kill -9 under load", "SIGKILL at random times, a graph away for half of them",
		"nothing acknowledged lost, duplicates at most 1 s of traffic a kill"}, site, nil)
	s.crashed = true
	s.allowed.duplicates = kills * l.rate
	s.relay.start()
	s.play(l)
	s.flows()
	graphs[2].fail(t, dead())
	var slowest time.Duration
	for n := range kills {
		if n == kills/2 {
			graphs[2].fail(t, well())
		}
		time.Sleep(between(random, 50*time.Millisecond, either(800*time.Millisecond, 1500*time.Millisecond)))
		s.relay.kill()
		slowest = max(slowest, s.relay.start())
		s.flows()
	}
	require.Less(t, slowest, startWithin)
	s.note("%d kills, slowest start %s", kills, slowest.Round(time.Millisecond))
	s.finish()
}

// P2: killed again while it replays, before it takes points.
func TestKilledWhileItStarts(t *testing.T) {
	t.Parallel()
	onlyInFull(t)
	random := chance(t)
	site, _, graphs := usualSite(t)
	s := newStage(t, fault{"kill -9 during the start", "SIGKILL within 300 ms of a start, ten times",
		"nothing acknowledged lost"}, site, nil)
	s.crashed = true
	l := load{rate: 10_000}
	s.relay.start()
	s.play(l)
	s.flows()
	graphs[3].fail(t, dead())
	time.Sleep(2 * time.Second)
	s.relay.kill()
	const times = 10
	for range times {
		p := s.relay.launch()
		time.Sleep(between(random, 0, 300*time.Millisecond))
		p.kill()
	}
	s.allowed.duplicates = (times + 1) * l.rate * 3
	graphs[3].fail(t, well())
	s.relay.start()
	s.flows()
	s.finish()
}

// P13: a stop under load, with a dead and a hung graph; a start later all is there.
func TestStopped(t *testing.T) {
	t.Parallel()
	site, _, graphs := usualSite(t)
	s := newStage(t, fault{"SIGTERM under load", "SIGTERM and a start, with a dead and a hung graph",
		"exit within 10 s, nothing acknowledged lost"}, site, nil)
	s.crashed = true // lines that nobody has read are lost with their connection
	s.relay.start()
	s.play(usual())
	s.flows()
	graphs[2].fail(t, dead())
	graphs[3].fail(t, sink.Fault{Mode: sink.Hang})
	time.Sleep(outage())
	took := s.relay.stop()
	s.relay.start()
	s.flows()
	graphs[2].fail(t, well())
	graphs[3].fail(t, well())
	s.allowed.duplicates = blockPoints // what was in flight to the hung one
	s.note("the stop took %s", took.Round(time.Millisecond))
	s.finish()
}

// blockPoints is more than the points of one call, the largest Block's.
const blockPoints = 16_000

// P13: a second signal ends the process at once, and loses nothing either.
func TestStoppedTwice(t *testing.T) {
	t.Parallel()
	site, _, graphs := usualSite(t)
	s := newStage(t, fault{"SIGTERM twice", "a second SIGTERM while the stop waits for a slow graph",
		"the process ends at once, nothing acknowledged lost"}, site, nil)
	s.crashed = true
	l := usual()
	s.relay.start()
	s.play(l)
	s.flows()
	graphs[3].fail(t, sink.Fault{Mode: sink.Slow, Delay: 3 * time.Second})
	time.Sleep(500 * time.Millisecond)
	s.relay.now.signal(syscall.SIGTERM)
	time.Sleep(200 * time.Millisecond)
	s.relay.now.signal(syscall.SIGTERM)
	require.True(t, s.relay.now.endsWithin(3*time.Second), "it goes on after a second signal")
	graphs[3].fail(t, well())
	s.relay.start()
	s.flows()
	s.allowed.duplicates = 3*l.rate + blockPoints
	s.finish()
}
