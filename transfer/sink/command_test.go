package sink

import (
	"bytes"
	"context"
	"regexp"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// output is a buffer that a command writes while a test reads.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func TestCommandRuns(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var out output
	cmd := Command()
	cmd.SetOut(&out)
	cmd.SetArgs([]string{
		"--judge", "127.0.0.1:0", "--graph", "graph-00=127.0.0.1:0", "--graph", "127.0.0.1:0", "--p8s", "127.0.0.1:0",
		"--http", "127.0.0.1:0", "--fault", "graph-00=slow:1ms", "--every", "1s",
	})
	done := make(chan error, 1)
	go func() { done <- cmd.ExecuteContext(ctx) }()
	line := regexp.MustCompile(`\d\d:\d\d:\d\d  judge 0 \(\+0\)  graph-00 0 \(\+0\)  graph 0 \(\+0\)  p8s_relay 0`)
	eventually(t, func() bool { return line.MatchString(out.String()) })
	require.Regexp(t, `graph-00 listens on 127\.0\.0\.1:\d+\n`, out.String())
	require.Regexp(t, `faults: http://127\.0\.0\.1:\d+/\n`, out.String())
	cancel()
	require.NoError(t, <-done)
	require.Regexp(t, `graph-00 +127\.0\.0\.1:\d+ +slow:1ms +0`, out.String(), "the last table")
}

func TestCommandRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"nothing":       {[]string{}, "name at least one"},
		"same name":     {[]string{"--graph", "a=127.0.0.1:0", "--judge", "a=127.0.0.1:0"}, "two stand-ins called"},
		"no such sink":  {[]string{"--graph", "127.0.0.1:0", "--fault", "g=hang"}, "no stand-in is called"},
		"half a fault":  {[]string{"--graph", "127.0.0.1:0", "--fault", "graph"}, "write NAME=FAULT"},
		"no such fault": {[]string{"--graph", "127.0.0.1:0", "--fault", "graph=burn"}, "cannot use fault"},
		"bad address":   {[]string{"--graph", "nowhere"}, "cannot start stand-in graph"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := Command()
			cmd.SilenceErrors = true
			cmd.SetArgs(c.args)
			require.ErrorContains(t, cmd.ExecuteContext(t.Context()), c.want)
		})
	}
}

func TestDefaultNames(t *testing.T) {
	taken := map[string]*Sink{"graph": {}, "graph-2": {}}
	for arg, want := range map[string][2]string{
		":6070":       {"graph-3", ":6070"},
		"a=:6070":     {"a", ":6070"},
		"[::1]:6070":  {"graph-3", "[::1]:6070"},
		"b=host:6070": {"b", "host:6070"},
	} {
		name, addr := splitAddress(arg, "graph", taken)
		require.Equal(t, want, [2]string{name, addr})
	}
}
