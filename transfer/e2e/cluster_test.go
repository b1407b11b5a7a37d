package e2e

import (
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// welcomed waits for what the demonstration prints, and returns its lines by what they are
// for.
func welcomed(t *testing.T, r *relay) map[string]string {
	t.Helper()
	eventually(t, "it says what to try", 40*time.Second, func() bool {
		return strings.Contains(r.output.String(), "Ctrl-C") || r.hasExited()
	})
	lines := make(map[string]string)
	for _, m := range regexp.MustCompile(`(?m)^  (\w+ [\w ]*?\w)  +(\S.*)$`).FindAllStringSubmatch(r.output.String(), -1) {
		lines[m[1]] = m[2]
	}
	return lines
}

// What the demonstration of several relays prints can be pasted, in that order, and works.
func TestClusterOfRelays(t *testing.T) {
	requireProgram(t, "redis-server")
	const free = "127.0.0.1:0"
	r := launch(t, "demo", "--relays", "3", "--rate", "300", "--every", "1s", "--http", free, "--rpc", free, "--socket", free, "--sinks", free)
	lines := welcomed(t, r)
	there := func(name string) string {
		t.Helper()
		require.NotEmpty(t, lines[name], "%s\n%s", name, r.output)
		return run(t, "", "sh", "-c", lines["go to their files"]+" && "+lines[name])
	}
	pages := regexp.MustCompile(`http://\S+`).FindAllString(lines["watch them"], -1)
	require.Len(t, pages, 3)
	for _, page := range pages {
		code, body := httpGet(t, page)
		require.Equal(t, 200, code)
		require.Contains(t, body, "<html")
	}
	eventually(t, "all are there", 20*time.Second, func() bool { return strings.Contains(there("who is there"), `"alive":3`) })
	require.Contains(t, there("what would move"), "graph-03")
	require.Contains(t, there("share the rings"), "in force at 3 relays")
	there("add a graph")
	for _, page := range pages {
		_, status := httpGet(t, page+"api/status")
		require.Contains(t, status, "graph-03")
	}
	require.Contains(t, there("see what is shared"), "graph-03")
	require.Regexp(t, `(?m)^2 .*\n1 `, there("all changes"))
	require.Contains(t, there("go back"), "version 3 ")
	require.NotContains(t, there("see what is shared"), "graph-03")

	there("break a graph")
	eventually(t, "points wait in Redis", 30*time.Second, func() bool { return strings.Contains(there("see what waits"), "REDIS") })
	there("kill a relay")
	eventually(t, "it is down", 20*time.Second, func() bool { return strings.Contains(r.output.String(), "relays: 2 of 3 up") })
	eventually(t, "another relay adopts", 40*time.Second, func() bool {
		return strings.Contains(run(t, "", "sh", "-c", lines["go to their files"]+" && "+lines["who takes over"]+" || true"), "relay=relay-2")
	})
	there("mend the graph")
	run(t, "", "sh", "-c", lines["go to their files"]+" && "+lines["start it again"]+" >>relay-2.log 2>&1 &")
	eventually(t, "all are up, nothing waits", 60*time.Second, func() bool {
		said := strings.TrimSpace(r.output.String())
		return strings.Contains(said[strings.LastIndexByte(said, '\n')+1:], "relays: 3 of 3 up") && !strings.Contains(there("see what waits"), "REDIS")
	})

	require.NoError(t, r.cmd.Process.Signal(syscall.SIGINT))
	<-r.exited
	require.NoError(t, r.err)
	require.NoDirExists(t, strings.TrimPrefix(lines["go to their files"], "cd "))
}
