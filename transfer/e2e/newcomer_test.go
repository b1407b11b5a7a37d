package e2e

import (
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What the demonstration prints can be pasted, and works.
func TestDemonstrationsLinesWork(t *testing.T) {
	r := launch(t, "demo", "--http", "127.0.0.1:0", "--rpc", "127.0.0.1:0", "--socket", "127.0.0.1:0", "--sinks", "127.0.0.1:0", "--interval", "1s")
	lines := welcomed(t, r)
	page := regexp.MustCompile(`http://\S+`).FindString(lines["watch it"])
	code, body := httpGet(t, page)
	require.Equal(t, 200, code)
	require.Contains(t, body, "<html")

	requireProgram(t, "nc")
	require.Contains(t, run(t, "", "sh", "-c", lines["push a point"]), `"Invalid":0`)
	run(t, "", "sh", "-c", lines["push a line"])
	eventually(t, "both points arrive", 10*time.Second, func() bool {
		seen := run(t, "", "sh", "-c", lines["see them arrive"])
		return strings.Contains(seen, "by=curl") && strings.Contains(seen, "by=nc")
	})
	eventually(t, "this machine's figures arrive", 10*time.Second, func() bool {
		return strings.Contains(run(t, "", "sh", "-c", lines["see the figures"]), "cpu.idle")
	})
	run(t, "", "sh", "-c", lines["break a graph"])
	address := strings.TrimSuffix(page, "/")
	eventually(t, "the page knows of the broken graph", 20*time.Second, func() bool {
		_, status := httpGet(t, address+"/api/status")
		return strings.Contains(status, `"down"`)
	})
	run(t, "", "sh", "-c", lines["mend it"])
	eventually(t, "it is mended", 20*time.Second, func() bool {
		_, status := httpGet(t, address+"/api/status")
		return !strings.Contains(status, `"down"`)
	})

	began := time.Now()
	require.NoError(t, r.cmd.Process.Signal(syscall.SIGINT))
	<-r.exited
	require.NoError(t, r.err)
	require.Less(t, time.Since(began), 10*time.Second)
}
