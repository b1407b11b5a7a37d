package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	jsoniter "github.com/json-iterator/go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g/metric"
	"transfer/g/stat"
)

// ringConfig writes a configuration with an admin server and a graph of these nodes.
func ringConfig(t *testing.T, listen, settings string, nodes ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cfg.json")
	cluster := make(map[string]string)
	for _, n := range nodes {
		cluster[n] = "127.0.0.1:1"
	}
	text, err := jsoniter.MarshalToString(cluster)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `{"dataDir":%q,"http":{"enabled":true,"listen":%q},
		"graph":{"enabled":true%s,"cluster":%s}}`, t.TempDir(), listen, settings, text), 0o600))
	return path
}

// A relay that runs is asked, and counts the series that it was sent.
func TestRingCommandsAskTheRelay(t *testing.T) {
	defer goleak.VerifyNone(t)
	listen := freeAddress(t)
	config := ringConfig(t, listen, "", "graph-00", "graph-01")
	more := ringConfig(t, listen, `,"maxMove":0.2`, "graph-00", "graph-01", "graph-02")
	s := relayOf(t, config)
	s.Start()
	relay := "the relay at http://" + listen

	out := must(t, "ring", "show", "-c", config)
	require.Contains(t, out, "Rings of "+relay+"\n\ngraph: crc32, 2 nodes with 500 virtual points each, fingerprint "+s.sender.Rings()[0].Fingerprint+"\n")
	require.Contains(t, must(t, "ring", "diff", "-c", config, ringConfig(t, listen, "", "graph-00", "graph-02")),
		"generated ones, since the relay remembers no series yet")

	const series = 3000
	var batch metric.Batch
	for i := range series {
		p := batch.Add()
		p.Endpoint, p.Metric, p.RawTags = fmt.Sprintf("web-%d", i/30), "cpu.busy", fmt.Sprintf("core=%d", i%30)
		p.Step, p.Type, p.Value = 60, metric.Gauge, 1
	}
	for range 2 {
		_, err := s.pipeline.Inlet(s.listeners.receivers()[0]).Accept(&batch)
		require.NoError(t, err)
	}
	out, err := do(t, "ring", "diff", "-c", config, "--json", more)
	require.ErrorContains(t, err, "over its maxMove of 20.0 %")
	var cannot *cannotRun
	require.NotErrorAs(t, err, &cannot, "exit code 1")
	var d stat.RingDiff
	require.NoError(t, jsoniter.UnmarshalFromString(out, &d), out)
	require.Equal(t, uint64(series), d.Series)
	require.InDelta(t, d.Share, float64(d.Moved)/series, 0.05)
	require.Equal(t, d.Moved, d.Nodes[2].After)
	require.Equal(t, d.Moved, d.Nodes[2].Gains)
	out, err = do(t, "ring", "diff", "-c", config, more)
	require.Error(t, err)
	require.Contains(t, out, fmt.Sprintf("%d of %d that the relay remembers; ", d.Moved, series))

	// To another hash: the relay makes what it does not remember.
	out = must(t, "ring", "diff", "-c", config, "--json", ringConfig(t, listen, `,"hash":"murmur3"`, "graph-00", "graph-01"))
	require.NoError(t, jsoniter.UnmarshalFromString(out, &d), out)
	require.Equal(t, uint64(series), d.Series)
	require.InDelta(t, 0.5, float64(d.Moved)/series, 0.1)

	// Where a series goes is where the relay has put it.
	out = must(t, "ring", "place", "-c", config, "web-7", "cpu.busy", "core=3")
	require.Contains(t, out, "By the rings of "+relay+"\n")
	c := s.sender.Clusters()[0]
	node := c.Ring().Nodes()[c.Slot(c.Hash().Sum("web-7/cpu.busy/core=3"))]
	require.Contains(t, out, "  node       "+node+"\n")
	s.Stop()

	out, err = do(t, "ring", "diff", "-c", config, more)
	require.Error(t, err)
	require.Contains(t, out, "generated ones; ")
	require.True(t, strings.HasPrefix(out, "From "+config+" (no relay answers at http://"+listen+") to "+more))
}

// The relay compares rings of backends that it has, and builds none that cannot be.
func TestDiffRing(t *testing.T) {
	defer goleak.VerifyNone(t)
	config := filepath.Join(t.TempDir(), "cfg.json")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `{"dataDir":%q,"tsdb":{"enabled":true,"address":"127.0.0.1:1"},
		"judge":{"enabled":true,"cluster":{"judge-00":"127.0.0.1:1"}}}`, t.TempDir()), 0o600))
	s := relayOf(t, config)
	defer s.abandon()
	v := &view{s}
	for backend, want := range map[string]error{"graph": stat.ErrNoRing, "tsdb": stat.ErrNoRing, "": stat.ErrNoRing, "judge": nil} {
		_, err := v.DiffRing(stat.RingPlan{Backend: backend, Hash: "crc32", Replicas: 1, Nodes: []string{"a"}})
		require.ErrorIs(t, err, want, backend)
	}
	_, err := v.DiffRing(stat.RingPlan{Backend: "judge", Hash: "md5", Replicas: 1, Nodes: []string{"a"}})
	require.ErrorContains(t, err, `cannot use the hash "md5"`)
	_, err = v.DiffRing(stat.RingPlan{Backend: "judge", Hash: "crc32", Replicas: 1, Nodes: []string{"a", "a"}})
	require.ErrorContains(t, err, `"a" twice`)
}

// What keeps the ring commands from an answer is told apart from a change that moves
// too much.
func TestRingCommandsThatCannotRun(t *testing.T) {
	config := ringConfig(t, "127.0.0.1:1", "", "graph-00")
	for _, args := range [][]string{
		{"show", "-c", config + ".none"}, {"diff", "-c", config, config + ".none"}, {"diff", "-c", config},
		{"place", "-c", config}, {"show", "-x"}, {"show", "--relay", "http://127.0.0.1:1"},
	} {
		_, err := do(t, append([]string{"ring"}, args...)...)
		var cannot *cannotRun
		require.ErrorAs(t, err, &cannot, "%q", args)
	}
}
