package sender

import (
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
)

// filteringSender returns an idle Sender to a p8s_relay that leaves these metrics out.
func filteringSender(t *testing.T, leaveOut ...string) *Sender {
	t.Helper()
	s := newSender(1<<30, quiet())
	section := relaySite{nodes: map[string][]string{"p8s-00": {"127.0.0.1:1"}}, lanes: 1, hash: "crc32"}.section("p8s_relay")
	section.NotSyncMetrics = leaveOut
	c, err := newCluster(kind{name: "p8s_relay", build: newP8sRelay}, section, 30, s.shared)
	require.NoError(t, err)
	s.clusters = []*Cluster{c}
	return s
}

// A point is owed by the filter of its time, whatever the filter of now.
func TestReplayByTheFilterOfThen(t *testing.T) {
	point := func(name string) *metric.Point { return &metric.Point{Metric: name, Type: metric.Gauge} }
	then, now := filteringSender(t, "proc.", "", "df", "df"), filteringSender(t, "cpu")
	require.Contains(t, string(then.Routing()), `"filter":{"leaveOut":["df","proc."]}`)
	replay := now.Replay(nil)
	require.Nil(t, replay.Wants(0), "not known: as now")
	replay.Route(then.Routing())
	wants := replay.Wants(0)
	require.True(t, wants(point("cpu.idle")))
	require.False(t, wants(point("df.bytes")))
	require.False(t, wants(&metric.Point{Metric: "cpu.idle", Type: metric.Derive}))
	require.False(t, now.clusters[0].Wants(point("cpu.idle")))

	for _, same := range []*Sender{now, filteringSender(t, "cpu", "")} {
		replay.Route(same.Routing())
		require.Nil(t, replay.Wants(0))
	}
	replay.Route(filteringSender(t).Routing())
	require.True(t, replay.Wants(0)(point("cpu.idle")), "nothing was left out")
	replay.Route([]byte(`{"backends":[]}`))
	require.Nil(t, replay.Wants(0), "it was not enabled")
	replay.Route([]byte(`{"backends":[{"name":"p8s_relay","lanes":1,"hash":"crc32","replicas":500,"nodes":[{"name":"p8s-00","addresses":["127.0.0.1:1"]}]}]}`))
	require.Nil(t, replay.Wants(0), "a record of before there were filters")

	of := idleSender(t, relaySite{nodes: map[string][]string{"node-0": {"x:1"}}, lanes: 1, hash: "crc32"}).Replay(nil)
	of.Route(then.Routing())
	require.Nil(t, of.Wants(0), "a backend without a filter")
}
