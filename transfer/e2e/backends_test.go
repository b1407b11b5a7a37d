package e2e

import (
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/sender/ring"
	"transfer/transfer/sink"
)

// site is a set of stand-ins with the sections that point a relay at them.
type site struct {
	judges map[string][]*sink.Sink // by node, one an address
	graphs map[string][]*sink.Sink
}

// newSite starts two judges, and three graph nodes of which the first has two
// addresses.
func newSite(t *testing.T) *site {
	t.Helper()
	return &site{
		judges: map[string][]*sink.Sink{
			"judge-00": {newSink(t, "judge")},
			"judge-01": {newSink(t, "judge")},
		},
		graphs: map[string][]*sink.Sink{
			"graph-00": {newSink(t, "graph"), newSink(t, "graph")},
			"graph-01": {newSink(t, "graph")},
			"graph-02": {newSink(t, "graph")},
		},
	}
}

func newSink(t *testing.T, kind string) *sink.Sink {
	t.Helper()
	s, err := sink.New(kind, "127.0.0.1:0", sink.Options{Record: true})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

// sections returns the judge and graph sections for this site.
func (s *site) sections() section {
	return section{
		"judge": section{"enabled": true, "replicas": 500, "cluster": addresses(s.judges)},
		"graph": section{"enabled": true, "replicas": 500, "cluster": addresses(s.graphs)},
	}
}

func addresses(nodes map[string][]*sink.Sink) map[string]string {
	cluster := make(map[string]string)
	for node, sinks := range nodes {
		var all []string
		for _, s := range sinks {
			all = append(all, s.Addr())
		}
		cluster[node] = strings.Join(all, ",")
	}
	return cluster
}

// each calls f for every stand-in of nodes.
func each(nodes map[string][]*sink.Sink, f func(node string, s *sink.Sink)) {
	for node, sinks := range nodes {
		for _, s := range sinks {
			f(node, s)
		}
	}
}

// owners returns a func that names the node of a series, by the ring of Open-Falcon.
func owners(t *testing.T, nodes map[string][]*sink.Sink) func(key string) string {
	t.Helper()
	var names []string
	for node := range nodes {
		names = append(names, node)
	}
	sort.Strings(names)
	r, err := ring.New(names, 500, ring.CRC32)
	require.NoError(t, err)
	return func(key string) string { return r.Nodes()[r.Node(ring.CRC32.Sum(key))] }
}

// requireEachOnce holds the nodes to have received exactly the wanted points (keys
// with timestamps and how often), each at the node that the ring names and at every
// address of it.
func requireEachOnce(t *testing.T, want map[arrival]int, nodes map[string][]*sink.Sink) {
	t.Helper()
	owner := owners(t, nodes)
	wantAt := make(map[string]map[arrival]int)
	for a, n := range want {
		node := owner(a.key)
		if wantAt[node] == nil {
			wantAt[node] = make(map[arrival]int)
		}
		wantAt[node][a] = n
	}
	each(nodes, func(node string, s *sink.Sink) {
		got := make(map[arrival]int)
		for _, p := range s.Points() {
			got[arrival{p.Key(), p.Timestamp, p.Value}]++
		}
		if len(wantAt[node]) == 0 {
			require.Empty(t, got, node)
			return
		}
		require.Equal(t, wantAt[node], got, node)
	})
}

// arrival is what tells one received point from another.
type arrival struct {
	key       string
	timestamp int64
	value     float64
}
