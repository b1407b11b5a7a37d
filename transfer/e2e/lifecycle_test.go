package e2e

import (
	"bufio"
	"encoding/json"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/sink"
)

// push writes raw to the RPC port and waits for so many replies.
func push(t *testing.T, address string, raw []byte, replies int) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	go func() { _, _ = conn.Write(raw) }()
	r := bufio.NewReader(conn)
	for range replies {
		require.Nil(t, readReply(t, r).Error)
	}
}

// P13: SIGTERM delivers what was acknowledged.
func TestStopDeliversWhatWasAcknowledged(t *testing.T) {
	site := newSite(t)
	r := startRelay(t, withPorts(t, site.sections()))
	agent := newLoad(1000)
	for range 50 {
		push(t, r.rpc, agent.request(), 1)
		agent.rounds.Add(1)
	}
	require.LessOrEqual(t, r.stop(t), 10*time.Second)
	requireFirstArrivals(t, agent, site.judges)
	requireFirstArrivals(t, agent, site.graphs)
	require.NotContains(t, r.output.String(), "points are lost")
}

// P13: neither a dead nor a hung backend delays the exit beyond 10 s, and what becomes
// of the points that are left is said.
func TestStopWithDeadAndHungBackends(t *testing.T) {
	t.Run("journal", func(t *testing.T) { stopWithDeadAndHung(t, "journal", "points wait in the data directory") })
	t.Run("memory", func(t *testing.T) { stopWithDeadAndHung(t, "memory", "points are lost") })
}

func stopWithDeadAndHung(t *testing.T, durability, says string) {
	site := newSite(t)
	require.NoError(t, site.graphs["graph-01"][0].SetFault(sink.Fault{Mode: sink.Refuse}))
	require.NoError(t, site.graphs["graph-02"][0].SetFault(sink.Fault{Mode: sink.Freeze}))
	cfg := withPorts(t, site.sections())
	cfg["durability"] = durability
	r := startRelay(t, cfg)
	agent := newLoad(1000)
	push(t, r.rpc, agent.request(), 1)
	agent.rounds.Add(1)
	eventually(t, "it is known to be down", 10*time.Second, func() bool {
		return r.ledger(t)["graph/graph-01/"+site.graphs["graph-01"][0].Addr()].State == "down"
	})
	require.LessOrEqual(t, r.stop(t), 10*time.Second)
	require.Contains(t, r.output.String(), says)
	requireFirstArrivals(t, agent, site.judges)
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	site := newSite(t)
	require.NoError(t, site.graphs["graph-02"][0].SetFault(sink.Fault{Mode: sink.Freeze}))
	r := startRelay(t, withPorts(t, site.sections()))
	push(t, r.rpc, newLoad(1000).request(), 1)
	require.NoError(t, r.cmd.Process.Signal(syscall.SIGTERM))
	eventually(t, "it stops", 10*time.Second, func() bool { return strings.Contains(r.output.String(), "stopping") })
	require.NoError(t, r.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-r.exited:
	case <-time.After(2 * time.Second):
		t.Fatal("it goes on")
	}
	require.Contains(t, r.output.String(), "second signal")
}

// A reload that comes while the relay stops is no second signal.
func TestReloadDoesNotCutTheStopShort(t *testing.T) {
	site := newSite(t)
	r := startRelay(t, withPorts(t, site.sections()))
	require.NoError(t, site.graphs["graph-02"][0].SetFault(sink.Fault{Mode: sink.Slow, Delay: 500 * time.Millisecond}))
	agent := newLoad(1000)
	push(t, r.rpc, agent.request(), 1)
	agent.rounds.Add(1)
	require.NoError(t, r.cmd.Process.Signal(syscall.SIGTERM))
	eventually(t, "it stops", 10*time.Second, func() bool { return strings.Contains(r.output.String(), "stopping") })
	require.NoError(t, r.cmd.Process.Signal(syscall.SIGHUP))
	<-r.exited
	require.NoError(t, r.err)
	requireFirstArrivals(t, agent, site.graphs)
}

// Whoever reads the log may die: the relay goes on.
func TestLogWithoutAReader(t *testing.T) {
	site := newSite(t)
	text, err := json.Marshal(withPorts(t, site.sections()))
	require.NoError(t, err)
	cmd := exec.Command(binary, "-c", writeFile(t, "cfg.json", text))
	log, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer func() { _ = cmd.Process.Kill() }()
	for lines := bufio.NewScanner(log); lines.Scan(); {
		if strings.Contains(lines.Text(), "relay is ready") {
			break
		}
	}
	require.NoError(t, log.Close())
	require.NoError(t, cmd.Process.Signal(syscall.SIGHUP)) // which is logged
	time.Sleep(50 * time.Millisecond)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, cmd.Wait(), "it ends in order")
}

// refuses runs the binary and wants exit code 2 and one clear line.
func refuses(t *testing.T, cfg section, line string) {
	t.Helper()
	text, err := json.Marshal(cfg)
	require.NoError(t, err)
	cmd := exec.Command(binary, "-c", writeFile(t, "cfg.json", text))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "%s", out)
	require.Equal(t, 2, exit.ExitCode(), "%s", out)
	last := lastLine(string(out))
	require.Contains(t, last, line)
	require.True(t, strings.HasPrefix(last, "transfer: "), last)
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

func TestRefusesToStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	t.Run("port in use", func(t *testing.T) {
		cfg := withPorts(t, section{"rpc": section{"enabled": true, "listen": taken.Addr().String()}})
		refuses(t, cfg, "rpc.listen")
	})
	t.Run("data directory in use", func(t *testing.T) {
		cfg := withPorts(t, section{})
		startRelay(t, cfg)
		refuses(t, cfg, "another process uses it")
	})
	t.Run("data directory that is a file", func(t *testing.T) {
		file := writeFile(t, "file", nil)
		cfg := withPorts(t, section{"dataDir": file, "onDiskError": "refuse"})
		refuses(t, cfg, "data directory")
		cfg["onDiskError"] = "memory"
		r := startRelay(t, cfg)
		require.Contains(t, r.get(t, "/api/health"), "data directory")
		r.stop(t)
	})
	t.Run("configuration", func(t *testing.T) {
		cfg := withPorts(t, section{"graph": section{"enabled": true, "cluster": section{"graph-00": "no-port"}}})
		refuses(t, cfg, "graph.cluster.graph-00")
	})
	t.Run("no configuration", func(t *testing.T) {
		out, err := exec.Command(binary, "-c", filepath.Join(t.TempDir(), "cfg.json")).CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(out), "cfg.json")
	})
}

func TestVersionFlags(t *testing.T) {
	for _, flag := range []string{"-v", "-vg"} {
		out, err := exec.Command(binary, flag).CombinedOutput()
		require.NoError(t, err)
		require.Regexp(t, `^Open-Falcon transfer version \S+, build \S+\n$`, string(out))
	}
}
