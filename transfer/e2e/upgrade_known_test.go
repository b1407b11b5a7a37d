package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// supervisor hears what processes tell it, as systemd does.
type supervisor struct {
	mu   sync.Mutex
	said []string
}

// newSupervisor is known to all processes that are started by this test.
func newSupervisor(t *testing.T) *supervisor {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	require.NoError(t, err)
	t.Setenv("NOTIFY_SOCKET", path)
	s := &supervisor{}
	var hearing sync.WaitGroup
	hearing.Go(func() {
		b := make([]byte, 4096)
		for {
			n, err := socket.Read(b)
			if err != nil {
				return
			}
			// The time of a reload varies.
			text, _, _ := strings.Cut(string(b[:n]), "\nMONOTONIC_USEC=")
			s.mu.Lock()
			s.said = append(s.said, text)
			s.mu.Unlock()
		}
	})
	t.Cleanup(func() {
		_ = socket.Close()
		hearing.Wait()
	})
	return s
}

// heard returns what was said so far and forgets it, each sentence once: old and new
// process both name the new one.
func (s *supervisor) heard() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for i, text := range s.said {
		if i == 0 || text != s.said[i-1] {
			all = append(all, text)
		}
	}
	s.said = nil
	return all
}

// Who watches over the relay knows at any time which process it is.
func TestUpgradeIsKnown(t *testing.T) {
	s := graphSite(t)
	watch := newSupervisor(t)
	pids := filepath.Join(t.TempDir(), "pid")
	u := startUpgradable(t, s.graphSections(), "--pid-file", pids)
	first := u.process(t)
	runs := func(id int) string { return fmt.Sprintf("READY=1\nMAINPID=%d", id) }
	require.Equal(t, []string{runs(first)}, watch.heard())

	u.installText(t, takesOver("exit 1"))
	_, code := u.upgrade(t)
	require.Equal(t, 1, code)
	require.Equal(t, []string{"RELOADING=1", runs(first)}, watch.heard())

	u.install(t, binary)
	text, code := u.upgrade(t, "--pid-file", pids)
	require.Zero(t, code, text)
	second := u.process(t)
	require.Equal(t, fmt.Sprintf("upgraded: process %d has taken over from %d\n", second, first), text)
	eventually(t, "the old process is gone", 4*time.Second, func() bool { return len(u.processes(t)) == 1 })
	require.Equal(t, []string{"RELOADING=1", runs(second)}, watch.heard())

	u.end(t)
	require.Equal(t, []string{"STOPPING=1"}, watch.heard())
	require.NoFileExists(t, pids)
	text, code = u.upgrade(t, "--pid-file", pids)
	require.Equal(t, 1, code, text)
	require.Contains(t, text, "cannot read the pid file")
	require.NoError(t, os.WriteFile(pids, []byte("none"), 0o600))
	text, _ = u.upgrade(t, "--pid-file", pids)
	require.Contains(t, text, "is no process id")
}
