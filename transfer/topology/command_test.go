package topology

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var errMarked = errors.New("marked")

// run runs `topology` with a command line and returns what it printed.
func run(t *testing.T, line ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := Command(func(err error) error { return fmt.Errorf("%w: %w", errMarked, err) })
	cmd.SilenceErrors = true
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(line)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

// file writes a configuration of graph with these nodes and the Redis.
func (s *server) file(t *testing.T, maxMove float64, nodes ...string) string {
	t.Helper()
	cluster := make(map[string]string)
	for i, n := range nodes {
		cluster[n] = fmt.Sprintf("10.0.0.%d:6070", i+1)
	}
	graph := map[string]any{"enabled": true, "cluster": cluster}
	if maxMove > 0 {
		graph["maxMove"] = maxMove
	}
	text, err := json.Marshal(map[string]any{
		"graph": graph,
		"redis": map[string]any{"enabled": true, "addrs": []string{s.Address}, "prefix": "test"},
	})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "cfg.json")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return path
}

func TestCommands(t *testing.T) {
	s := startRedis(t)
	config := s.file(t, 0.5, "a", "b", "c")
	_, err := run(t, "get", "-c", config)
	require.ErrorIs(t, err, ErrNone)
	require.ErrorIs(t, err, errMarked)

	out, err := run(t, "set", "-c", config, "--in", "0s", "--note", "the first")
	require.NoError(t, err)
	require.Contains(t, out, "graph: the ring stays as it is\n")
	require.Contains(t, out, "\nversion 1 is set and comes into force at ")
	out, err = run(t, "set", "-c", config)
	require.NoError(t, err)
	require.Equal(t, "nothing to change: version 1 has these rings\n", out)

	more := s.file(t, 0.5, "a", "b", "c", "d")
	out, err = run(t, "diff", "-c", config, more)
	require.NoError(t, err)
	require.Contains(t, out, "From version 1 of the topology to "+more+"\n")
	require.Regexp(t, `graph: \d\d\.\d % of the series move, \d+ of 192000 generated ones`, out)
	out, err = run(t, "set", "-c", config, more, "--expect", "1", "--json")
	require.NoError(t, err)
	d, err := Decode([]byte(out))
	require.NoError(t, err)
	require.Equal(t, uint64(2), d.Version)
	require.Len(t, d.Backends()[0].Nodes, 4)
	require.InDelta(t, 2000, d.EffectiveAt-d.At, 0)

	out, err = run(t, "get", "-c", config)
	require.NoError(t, err)
	require.Contains(t, out, "version 2 ("+d.ID+"), comes into force at ")
	require.Contains(t, out, "\ngraph: crc32, 4 nodes with 500 virtual points each\na  10.0.0.1:6070\n")
	require.Contains(t, out, "no relay has been heard of in the last ten minutes\n")
	out, err = run(t, "get", "-c", config, "--json", "1")
	require.NoError(t, err)
	old, err := Decode([]byte(out))
	require.NoError(t, err)
	require.Equal(t, "the first", old.Note)

	out, err = run(t, "rollback", "-c", config)
	require.NoError(t, err)
	require.Contains(t, out, "From version 2 of the topology to version 1\n")
	require.Contains(t, out, "version 3 is set")
	out, err = run(t, "history", "-c", config)
	require.NoError(t, err)
	require.Regexp(t, `(?s)VERSION .*\n3 .* graph 3 +rollback to version 1\n2 .* graph 4 +\n1 .* graph 3 +the first\n`, out)

	// The output of get is a FILE.
	out, err = run(t, "get", "-c", config, "--json", "2")
	require.NoError(t, err)
	document := filepath.Join(t.TempDir(), "topology.json")
	require.NoError(t, os.WriteFile(document, []byte(out), 0o600))
	_, err = run(t, "set", "-c", config, document)
	require.NoError(t, err)
	current, err := s.store().Current(t.Context())
	require.NoError(t, err)
	require.True(t, current.sameRings(d))
	require.Equal(t, uint64(4), current.Version)
}

func TestCommandsRefuse(t *testing.T) {
	s := startRedis(t)
	config := s.file(t, 0.1, "a", "b", "c")
	_, err := run(t, "set", "-c", config)
	require.NoError(t, err)
	more := s.file(t, 0.1, "a", "b", "c", "d")

	for name, c := range map[string]struct {
		line []string
		want string
		code bool // of what could not be done at all
	}{
		"over maxMove": {[]string{"set", "-c", config, more}, "over its maxMove of 10.0 %: force it with --force", false},
		"diff over it": {[]string{"diff", "-c", config, more}, "over its maxMove of 10.0 %", false},
		"conflict":     {[]string{"set", "-c", config, more, "--force", "--expect", "9"}, "the topology has changed meanwhile", false},
		"no file":      {[]string{"set", "-c", config, "none.json"}, "cannot read the topology", true},
		"no version":   {[]string{"get", "-c", config, "77"}, "no such topology is in Redis: version 77", true},
		"bad version":  {[]string{"rollback", "-c", config, "x"}, `"x" is no version`, true},
		"none before":  {[]string{"rollback", "-c", config}, "none is before version 1", true},
		"in the past":  {[]string{"set", "-c", config, "--in", "-1s", more}, "--in -1s is out of range", true},
		"long note":    {[]string{"set", "-c", config, "--note", strings.Repeat("x", 2000), more}, "--note is longer than", true},
		"words":        {[]string{"history", "-c", config, "more"}, "unknown command", true},
	} {
		_, err := run(t, c.line...)
		require.ErrorContains(t, err, c.want, name)
		require.Equal(t, c.code, errors.Is(err, errMarked), name)
	}
	set, _, err := s.store().Version(t.Context())
	require.NoError(t, err)
	require.Equal(t, uint64(1), set.Number)

	bad := filepath.Join(t.TempDir(), "bad.json")
	for text, want := range map[string]string{
		`{"backends": {"graph": {"cluster": {"a": "nowhere"}}}}`: "graph.cluster.a",
		`{"graph": {"enabled": true}}`:                           "graph.cluster: a ring needs at least one node",
		`{"rpc": {"enabled": true}}`:                             "it names no backend",
		`{`:                                                      "unexpected end",
	} {
		require.NoError(t, os.WriteFile(bad, []byte(text), 0o600))
		_, err := run(t, "set", "-c", config, bad)
		require.ErrorContains(t, err, want)
		require.ErrorIs(t, err, errMarked)
	}
	alone := filepath.Join(t.TempDir(), "cfg.json")
	require.NoError(t, os.WriteFile(alone, []byte(`{}`), 0o600))
	_, err = run(t, "get", "-c", alone)
	require.ErrorContains(t, err, "the section redis is not enabled")
	s.Kill()
	_, err = run(t, "get", "-c", config)
	require.ErrorContains(t, err, "cannot ask Redis for the topology")
	require.ErrorIs(t, err, errMarked)
}

// set --wait tells whether all relays that are alive have it.
func TestSetWaits(t *testing.T) {
	s := startRedis(t)
	config := s.file(t, 0, "a", "b")
	all := []*following{s.follow(t, "r1", 0, nil), s.follow(t, "r2", 0, nil)}
	for _, f := range all {
		eventually(t, func() bool { return f.Topology().Redis })
	}
	out, err := run(t, "set", "-c", config, "--wait", "--in", "500ms")
	require.NoError(t, err)
	require.Contains(t, out, "\nin force at 2 relays: r1, r2\n")
	out, err = run(t, "get", "-c", config)
	require.NoError(t, err)
	require.Regexp(t, `r1 +h +1 +following +[\d.]+m?s ago`, out)

	all[1].relay.mu.Lock()
	all[1].relay.refuses = func(*Document) error { return errors.New("over maxMove") }
	all[1].relay.mu.Unlock()
	_, err = run(t, "set", "-c", config, "--wait", "--in", "0s", s.file(t, 0, "a", "b", "c"))
	require.EqualError(t, err, "version 2 is set, and not in force everywhere: r2 has version 1, rejected: over maxMove")
	out, err = run(t, "get", "-c", config)
	require.NoError(t, err)
	require.Contains(t, out, "\nr2: rejected: over maxMove\ntopology: version 1 ")
}

func TestVisible(t *testing.T) {
	require.Equal(t, `a "b" c`, visible(`a "b" c`))
	require.Equal(t, `"a\x1b[2Jb"`, visible("a\x1b[2Jb"))
	require.Equal(t, `"a\nb"`, visible("a\nb"))
	require.NotEmpty(t, shownTime(time.Now().UnixMilli()))
}
