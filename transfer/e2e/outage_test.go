package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/sink"
)

// P3, P4, P6: one address of a graph node refuses, then hangs, under load. Nothing
// is lost, each series keeps its order, the other targets deliver all the while and
// every ledger balances.
func TestOutageOfOneAddress(t *testing.T) {
	const (
		refuses = 10 * time.Second
		hangs   = 10 * time.Second
		window  = 100 * time.Millisecond // in every one of these the others deliver
	)
	site := newSite(t)
	r := startRelay(t, withPorts(t, site.sections()))
	agent := newLoad(200)
	endLoad := background(func(stop <-chan struct{}) { // 10,000 points/s
		agent.run(t, r.rpc, 20*time.Millisecond, stop)
	})
	defer endLoad()
	var machine pulse
	endPulse := background(machine.run)
	defer endPulse()

	sick := site.graphs["graph-01"][0]
	var others []*sink.Sink
	for _, nodes := range []map[string][]*sink.Sink{site.judges, site.graphs} {
		each(nodes, func(_ string, s *sink.Sink) {
			if s != sick {
				others = append(others, s)
			}
		})
	}
	watch := func(d time.Duration) (stalls int) {
		windows := 0
		t.Helper()
		for end := time.Now().Add(d); time.Now().Before(end); {
			before := make([]uint64, len(others))
			for i, s := range others {
				before[i] = s.Counts().Received
			}
			pushed := agent.rounds.Load()
			machine.restart()
			time.Sleep(window)
			if agent.rounds.Load() < pushed+3 || machine.skipped() > window/5 {
				continue // this machine is busy with others, which says nothing of the relay
			}
			windows++
			for i, s := range others {
				if s.Counts().Received == before[i] {
					stalls++
				}
			}
		}
		require.Positive(t, windows, "the machine was busy all the time")
		return stalls
	}

	eventually(t, "points flow", 10*time.Second, func() bool { return sick.Counts().Received > 0 })
	require.NoError(t, sick.SetFault(sink.Fault{Mode: sink.Refuse}))
	stallsRefusing := watch(refuses)
	down := r.ledger(t)["graph/graph-01/"+sick.Addr()]
	require.Equal(t, "down", down.State)
	require.Positive(t, down.Queued)
	require.NoError(t, sick.SetFault(sink.Fault{Mode: sink.Hang}))
	stallsHanging := watch(hangs)
	require.NoError(t, sick.SetFault(sink.Fault{}))
	eventually(t, "it is back", 30*time.Second, func() bool {
		return r.ledger(t)["graph/graph-01/"+sick.Addr()].State == "up"
	})
	endLoad()
	r.drained(t)
	ledger := r.ledger(t)
	require.LessOrEqual(t, r.stop(t), 10*time.Second)

	t.Logf("%d points a backend; the sick address got %d again (%d resent)",
		agent.rounds.Load()*int64(agent.series), sick.Counts().Repeated, ledger["graph/graph-01/"+sick.Addr()].Resent)
	require.Zero(t, stallsRefusing, "others stalled while one refused")
	require.Zero(t, stallsHanging, "others stalled while one hung")
	requireFirstArrivals(t, agent, site.judges)
	requireFirstArrivals(t, agent, site.graphs)
	for _, target := range ledger {
		require.Zero(t, target.DroppedTotal(), target.ID)
	}
}

// requireFirstArrivals holds the stand-ins to have every point of the load, in order
// and none discarded but repetitions, and each point at the node of its series. What a
// graph discards depends on the pace of its machine, too, since it applies calls after
// it has answered them; that calls are far enough apart for it is held in
// transfer/faults.
func requireFirstArrivals(t *testing.T, l *load, nodes map[string][]*sink.Sink) {
	t.Helper()
	owner := owners(t, nodes)
	want := make(map[string]int)
	points := l.points()
	for a := range points {
		want[owner(a.key)]++
	}
	each(nodes, func(node string, s *sink.Sink) {
		got := make(map[arrival]bool)
		for _, p := range s.Points() {
			a := arrival{p.Key(), p.Timestamp, p.Value}
			if points[a] == 0 || owner(a.key) != node {
				t.Fatalf("%s was not sent, or not for %s: %+v", node, node, a)
			}
			got[a] = true
		}
		c := s.Counts()
		require.Len(t, got, want[node], node)
		require.Zero(t, c.Late, "order at %s", node)
		if s.Kind() != "graph" {
			require.Equal(t, c.Repeated, c.Discarded, "first arrivals discarded at %s", node)
		}
	})
}
