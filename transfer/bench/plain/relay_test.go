package plain

import (
	"context"
	"fmt"
	"net"
	"net/rpc/jsonrpc"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	relayring "transfer/sender/ring"
	"transfer/transfer/sink"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 15 * time.Second

// start runs a relay in front of stand-ins of kind, by their names, until the test
// ends.
func start(t *testing.T, judges, graphs []string) (r *Relay, sinks map[string]*sink.Sink) {
	t.Helper()
	sinks = make(map[string]*sink.Sink)
	open := func(kind string, names []string) map[string]string {
		addresses := make(map[string]string)
		for _, name := range names {
			s, err := sink.New(kind, "127.0.0.1:0", sink.Options{Name: name, Record: true})
			require.NoError(t, err)
			t.Cleanup(s.Close)
			sinks[name] = s
			addresses[name] = s.Addr()
		}
		return addresses
	}
	r, err := New("127.0.0.1:0", open("judge", judges), open("graph", graphs))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return r, sinks
}

func push(t *testing.T, r *Relay, points []*MetricValue) TransferResp {
	t.Helper()
	client, err := jsonrpc.Dial("tcp", r.Address())
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Close()) }()
	var reply TransferResp
	require.NoError(t, client.Call("Transfer.Update", points, &reply))
	return reply
}

func received(s *sink.Sink) int { return int(s.Counts().Received) }

func TestPointsArrive(t *testing.T) {
	r, sinks := start(t, []string{"judge-0"}, []string{"graph-0"})
	reply := push(t, r, []*MetricValue{
		{Endpoint: "web-1", Metric: "cpu.busy", Value: 1.5, Step: 60, Type: "GAUGE", Tags: "core=1, a=b", Timestamp: 1600000079},
		{Endpoint: "web-1", Metric: "net.in", Value: "7", Step: 10, Type: "COUNTER", Timestamp: 1600000079},
		{Endpoint: "web-1", Metric: "bad", Value: true, Step: 10, Type: "COUNTER", Timestamp: 1600000079},
		nil,
	})
	require.Equal(t, 4, reply.Total)
	require.Equal(t, 2, reply.Invalid)
	require.Equal(t, "ok", reply.Message)
	require.Eventually(t, func() bool { return received(sinks["judge-0"]) == 2 && received(sinks["graph-0"]) == 2 },
		patience, time.Millisecond)

	tags := map[string]string{"core": "1", "a": "b"}
	require.Equal(t, []sink.Point{
		{Endpoint: "web-1", Metric: "cpu.busy", Tags: tags, Value: 1.5, Timestamp: 1600000020, Type: "GAUGE"},
		{Endpoint: "web-1", Metric: "net.in", Tags: map[string]string{}, Value: 7, Timestamp: 1600000050, Type: "COUNTER"},
	}, sinks["judge-0"].Points())
	require.Equal(t, []sink.Point{
		{Endpoint: "web-1", Metric: "cpu.busy", Tags: tags, Value: 1.5, Timestamp: 1600000020, Type: "GAUGE",
			Step: 60, Heartbeat: 120, Min: "U", Max: "U"},
		{Endpoint: "web-1", Metric: "net.in", Tags: map[string]string{}, Value: 7, Timestamp: 1600000050, Type: "DERIVE",
			Step: 30, Heartbeat: 60, Min: "0", Max: "U"},
	}, sinks["graph-0"].Points())
}

func TestPointsGoByTheRing(t *testing.T) {
	names := []string{"graph-0", "graph-1", "graph-2"}
	r, sinks := start(t, []string{"judge-0"}, names)
	want, err := relayring.New(names, replicas, relayring.CRC32)
	require.NoError(t, err)
	const count = 1000
	var points []*MetricValue
	for i := range count {
		points = append(points, &MetricValue{
			Endpoint: fmt.Sprintf("host-%d", i), Metric: "load", Value: 1, Step: 60, Type: "GAUGE", Tags: "b=2,a=1", Timestamp: 1600000020,
		})
	}
	push(t, r, points)
	require.Eventually(t, func() bool {
		return received(sinks["graph-0"])+received(sinks["graph-1"])+received(sinks["graph-2"]) == count
	}, patience, time.Millisecond)
	for _, name := range names {
		require.NotEmpty(t, sinks[name].Points())
		for _, p := range sinks[name].Points() {
			node := want.Nodes()[want.Node(relayring.CRC32.Sum(p.Key()))]
			require.Equal(t, node, name, p.Key())
		}
	}
}

func TestCallsAreRepeated(t *testing.T) {
	r, sinks := start(t, []string{"judge-0"}, []string{"graph-0"})
	require.NoError(t, sinks["judge-0"].SetFault(sink.Fault{Mode: sink.Error}))
	point := func(timestamp int64) []*MetricValue {
		return []*MetricValue{{Endpoint: "h", Metric: "m", Value: 1, Step: 60, Type: "GAUGE", Timestamp: timestamp}}
	}
	push(t, r, point(1600000020))
	n := r.judge.nodes["judge-0"]
	require.Eventually(t, func() bool { return n.failed.Load() == 1 }, patience, time.Millisecond)
	require.EqualValues(t, tries, sinks["judge-0"].Counts().Failed)

	require.NoError(t, sinks["judge-0"].SetFault(sink.Fault{}))
	push(t, r, point(1600000080))
	require.Eventually(t, func() bool { return received(sinks["judge-0"]) == 1 }, patience, time.Millisecond)
	require.Zero(t, r.judge.dropped.Load())
}

func TestNewRefuses(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	node := map[string]string{"a": "127.0.0.1:1"}
	for name, c := range map[string]struct {
		address      string
		judge, graph map[string]string
		want         string
	}{
		"no judge":       {"127.0.0.1:0", nil, node, "at least one judge"},
		"no graph":       {"127.0.0.1:0", node, nil, "one graph"},
		"port in use":    {l.Addr().String(), node, node, "cannot listen for points"},
		"not an address": {"nowhere", node, node, "cannot listen for points"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(c.address, c.judge, c.graph)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestCommandRuns(t *testing.T) {
	judge, err := sink.New("judge", "127.0.0.1:0", sink.Options{})
	require.NoError(t, err)
	defer judge.Close()
	graph, err := sink.New("graph", "127.0.0.1:0", sink.Options{})
	require.NoError(t, err)
	defer graph.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // it stops as soon as it runs
	cmd := Command()
	cmd.SetArgs([]string{"--judge", "a=" + judge.Addr(), "--graph", "b=" + graph.Addr()})
	require.NoError(t, cmd.ExecuteContext(ctx))

	cmd = Command()
	cmd.SilenceErrors = true
	cmd.SetArgs([]string{"--judge", "a=" + judge.Addr()})
	require.ErrorContains(t, cmd.ExecuteContext(t.Context()), "at least one")
}
