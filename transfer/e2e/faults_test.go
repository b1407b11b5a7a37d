package e2e

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/sink"
)

// P1, P3, P4: every kind of backend fails in every way, several at once, under
// 10,000 points/s. In the end all have every point, each series in order, and the
// relay has spent no more than a busy relay would.
func TestEveryBackendFailsInEveryWay(t *testing.T) {
	const phase = 700 * time.Millisecond
	site := newSite(t)
	tsdb, next, influx := newSink(t, "tsdb"), newSink(t, "transfer"), newSink(t, "influxdb")
	cfg := withPorts(t, site.sections())
	for _, name := range []string{"judge", "graph"} {
		cfg[name].(section)["callTimeout"] = 300
	}
	cfg["tsdb"] = section{"enabled": true, "address": tsdb.Addr(), "callTimeout": 300}
	cfg["transfer"] = section{"enabled": true, "cluster": section{"t": next.Addr()}, "callTimeout": 300}
	cfg["influxdb"] = section{"enabled": true, "address": "http://" + influx.Addr(), "db": "falcon", "precision": "s", "timeout": 300}
	r := startRelay(t, cfg)
	agent := newLoad(200)
	endLoad := background(func(stop <-chan struct{}) { agent.run(t, r.rpc, 20*time.Millisecond, stop) })
	defer endLoad()

	sick := []*sink.Sink{site.judges["judge-00"][0], site.graphs["graph-00"][1], tsdb, next, influx}
	modes := []sink.Fault{
		{Mode: sink.Refuse}, {Mode: sink.Error}, {Mode: sink.Hang}, {Mode: sink.Reset}, {Mode: sink.Freeze},
		{Mode: sink.Cut}, {Mode: sink.Slow, Delay: 200 * time.Millisecond}, {},
	}
	for round := range modes {
		for i, s := range sick {
			f := modes[(round+2*i)%len(modes)]
			if s == tsdb && f.Mode != sink.Slow && f.Mode != sink.OK {
				f.Mode = sink.Freeze // telnet has no replies: what a server took and loses is beyond the relay
			}
			require.NoError(t, s.SetFault(f))
		}
		time.Sleep(phase)
		r.ledger(t)
	}
	for _, s := range sick {
		require.NoError(t, s.SetFault(sink.Fault{}))
	}
	endLoad()
	r.drained(t)
	ledger := r.ledger(t)
	require.LessOrEqual(t, r.stop(t), 10*time.Second)

	points := agent.rounds.Load() * int64(agent.series)
	t.Logf("%d points a backend; relay's CPU %v", points, r.cmd.ProcessState.UserTime()+r.cmd.ProcessState.SystemTime())
	requireFirstArrivals(t, agent, site.judges)
	requireFirstArrivals(t, agent, site.graphs)
	for _, s := range []*sink.Sink{tsdb, next, influx} {
		c := s.Counts()
		if s != tsdb { // what it had acknowledged and not read follows what came by the next connection
			require.Zero(t, c.Late, s.Name())
		}
		require.Equal(t, uint64(points), c.Received-c.Repeated, s.Name())
	}
	for _, target := range ledger {
		require.Zero(t, target.DroppedTotal(), target.ID)
		require.Equal(t, target.Accepted, target.Delivered, target.ID)
	}
}

// P7, P10: with all backends gone and nothing on disk, half of a tiny memoryLimit is all
// that waits; the oldest points go, counted, and the relay still answers and stops in
// time.
func TestAllBackendsGoneWithLittleMemory(t *testing.T) {
	site := newSite(t)
	refuse := func(_ string, s *sink.Sink) { require.NoError(t, s.SetFault(sink.Fault{Mode: sink.Refuse})) }
	each(site.judges, refuse)
	each(site.graphs, refuse)
	cfg := withPorts(t, site.sections())
	cfg["memoryLimit"], cfg["durability"] = "64MiB", "memory"
	r := startRelay(t, cfg)
	agent := newLoad(10_000)
	for range 60 {
		push(t, r.rpc, agent.request(), 1)
		agent.rounds.Add(1)
	}
	var bytes int64
	dropped := uint64(0)
	for id, target := range r.ledger(t) {
		require.LessOrEqual(t, target.QueuedBytes, int64(17<<20), id)
		bytes += target.QueuedBytes
		dropped += target.Dropped["memory"]
	}
	require.LessOrEqual(t, bytes, int64(32<<20))
	require.Positive(t, dropped)
	require.LessOrEqual(t, residentBytes(t, r.cmd.Process.Pid), int64(164<<20))
	require.LessOrEqual(t, r.stop(t), 10*time.Second)
}

// residentBytes returns the most memory that the process has had so far.
func residentBytes(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(status), "VmHWM:")
	require.True(t, found)
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	require.NoError(t, err)
	return kib << 10
}
