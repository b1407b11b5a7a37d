package main

import (
	"bytes"
	"encoding/hex"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	jsoniter "github.com/json-iterator/go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g"
	"transfer/g/stat"
	"transfer/sender/dead"
	"transfer/transfer/sink"
)

// do runs a command line and returns what it printed.
func do(t *testing.T, line ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := command()
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(line)
	err := cmd.Execute()
	return out.String(), err
}

// must is do for what must work.
func must(t *testing.T, line ...string) string {
	t.Helper()
	out, err := do(t, line...)
	require.NoError(t, err, out)
	return out
}

// spooledRelay is a running relay whose one target, graph-00 at an address that is
// away, has so many points in its spool.
func spooledRelay(t *testing.T, dir, graph string, points int) *Service {
	t.Helper()
	s := relayIn(t, dir, "journal", graph)
	s.Start()
	push(t, s, 0, points)
	spooled(t, s, points)
	return s
}

func spooled(t *testing.T, s *Service, points int) {
	t.Helper()
	require.Eventually(t, func() bool {
		s.sender.Unburden(1 << 40)
		return (&view{s}).Targets()[0].SpoolPoints == uint64(points)
	}, 10*time.Second, 10*time.Millisecond)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// A relay that runs is asked: what it has on disk is listed, shown and purged, dead
// letters are sent again, and the ledger has it all.
func TestCommandsAskTheRelay(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir, away := t.TempDir(), freeAddress(t)
	s := spooledRelay(t, dir, away, 300)
	id := "graph/graph-00/" + away
	relay := "http://" + s.listeners.address("http")

	out := must(t, "spool", "list", "--relay", relay)
	require.Contains(t, out, id+"  0     spooled  300     0       ")
	var points []stat.BacklogPoint
	for line := range strings.Lines(must(t, "spool", "show", "graph", "--json", "--limit", "2", "--relay", relay)) {
		var p stat.BacklogPoint
		require.NoError(t, jsoniter.UnmarshalFromString(line, &p))
		points = append(points, p)
	}
	require.Len(t, points, 2)
	require.Equal(t, uint64(1), points[0].Number)

	require.Contains(t, must(t, "spool", "purge", "graph", "--yes", "--relay", relay), "purged ")
	row := (&view{s}).Targets()[0]
	require.Equal(t, 300-row.Queued, row.Dropped["purged"], "but for a call under way")
	require.True(t, row.Balanced())

	// A letter as the relay would have written it.
	item, err := hex.DecodeString(points[0].Hex)
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, s.storage.dead.Add(id, dead.Letter{
			Address: away, Reason: "bad point", Hash: points[0].Hash, Encoding: points[0].Encoding, Item: item,
		}))
	}
	require.Contains(t, must(t, "dead", "list", "--relay", relay), id+"  -     -      3  ")
	require.Contains(t, must(t, "dead", "show", id, "--relay", relay), "bad point")
	require.Equal(t, uint64(3), (&view{s}).Targets()[0].DeadLetters)
	require.Equal(t, id+": resent 2 points\n", must(t, "dead", "resend", id, "--until", "2", "--relay", relay))
	require.Equal(t, uint64(302), (&view{s}).Targets()[0].Accepted)
	require.Equal(t, uint64(1), (&view{s}).Targets()[0].DeadLetters)
	require.Contains(t, must(t, "dead", "purge", id, "--yes", "--relay", relay), "purged 1 points\n")
	require.Equal(t, "no dead letters\n", must(t, "dead", "list", "--relay", relay))
	_, err = do(t, "dead", "resend", id, "--relay", relay)
	require.ErrorContains(t, err, "cannot find dead letters")

	graph, err := sink.NewGraph(away, sink.Options{Record: true})
	require.NoError(t, err)
	defer graph.Close()
	require.Eventually(t, func() bool { return (&view{s}).Targets()[0].Queued == 0 }, 10*time.Second, 10*time.Millisecond)
	row = (&view{s}).Targets()[0]
	require.True(t, row.Balanced())
	require.Equal(t, 302-row.Dropped["purged"], row.Delivered)
	s.Stop()
}

// The configuration tells where the relay is that has the data directory.
func TestCommandsFindTheRelay(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir, listen := t.TempDir(), freeAddress(t)
	config := filepath.Join(t.TempDir(), "cfg.json")
	require.NoError(t, os.WriteFile(config, []byte(`{"dataDir":"`+dir+`","http":{"enabled":true,"listen":"`+listen+`"},
		"graph":{"enabled":true,"cluster":{"graph-00":"127.0.0.1:1"}}}`), 0o600))
	s := relayOf(t, config)
	s.Start()
	push(t, s, 0, 50)
	spooled(t, s, 50)
	require.Contains(t, must(t, "spool", "list", "-c", config), "  spooled  50  ")
	_, err := do(t, "spool", "list", "--data", dir)
	require.ErrorContains(t, err, "a relay runs there")
	s.Stop()
	require.Contains(t, must(t, "spool", "list", "-c", config), "  -      50  ")
}

// The files of a stopped relay: what is purged there does not come back, and is in the
// ledger of the next one.
func TestPurgeOfAStoppedRelay(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir, away := t.TempDir(), freeAddress(t)
	s := spooledRelay(t, dir, away, 300)
	s.Stop()
	require.Contains(t, must(t, "spool", "list", "--data", dir), "graph/graph-00/"+away+"  0     -      300     0       ")
	_, err := do(t, "dead", "resend", "graph", "--data", dir)
	require.Error(t, err)
	require.Contains(t, must(t, "spool", "purge", "--all", "--yes", "--data", dir), "purged 300 points\n")
	require.Equal(t, "no spooled points\n", must(t, "spool", "list", "--data", dir))

	graph, err := sink.NewGraph(away, sink.Options{Record: true})
	require.NoError(t, err)
	defer graph.Close()
	s = relayIn(t, dir, "journal", away)
	s.Start()
	push(t, s, 300, 5)
	require.Eventually(t, func() bool { return len(graph.Points()) == 5 }, 10*time.Second, 10*time.Millisecond)
	row := (&view{s}).Targets()[0]
	require.Equal(t, map[string]uint64{"purged": 300}, row.Dropped)
	require.Equal(t, uint64(305), row.Accepted)
	require.True(t, row.Balanced())
	s.Stop()
	require.Len(t, graph.Points(), 5)
}

// Without a state, as after damage, a purge writes one that makes nothing else lost.
func TestPurgeWithoutAState(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir, away := t.TempDir(), freeAddress(t)
	s := spooledRelay(t, dir, away, 300)
	push(t, s, 300, 10) // the journal has these only
	s.Stop()
	states, err := filepath.Glob(filepath.Join(dir, stateName+"*"))
	require.NoError(t, err)
	require.NotEmpty(t, states)
	for _, state := range states {
		require.NoError(t, os.Remove(state))
	}
	require.Contains(t, must(t, "spool", "purge", "graph", "--yes", "--data", dir), "purged ")
	graph, err := sink.NewGraph(away, sink.Options{Record: true})
	require.NoError(t, err)
	defer graph.Close()
	s = relayIn(t, dir, "journal", away)
	s.Start()
	require.Eventually(t, func() bool {
		points := graph.Points()
		return len(points) > 0 && points[len(points)-1].Value == 309
	}, 10*time.Second, 10*time.Millisecond)
	require.Eventually(t, func() bool { return (&view{s}).Targets()[0].Queued == 0 }, 10*time.Second, 10*time.Millisecond)
	require.True(t, (&view{s}).Targets()[0].Balanced())
	s.Stop()
}

// relayOf builds a relay with the configuration in a file.
func relayOf(t *testing.T, config string) *Service {
	t.Helper()
	cfg, err := g.Load(config)
	require.NoError(t, err)
	s, err := NewService(cfg, slog.New(slog.DiscardHandler), plainPorts{})
	require.NoError(t, err)
	return s
}
