// Package e2e runs the real binary between real clients and backends.
package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/stat"
)

// binary is the path of the transfer binary under test; TestMain builds it.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "transfer-e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "transfer")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "cannot build the relay: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// section is one section of a configuration file, or the file itself.
type section map[string]any

// withPorts returns cfg with every receiver on a free port and a data directory of
// its own, unless it says otherwise.
func withPorts(t *testing.T, cfg section) section {
	t.Helper()
	all := section{
		"dataDir": filepath.Join(t.TempDir(), "data"),
		"http":    section{"enabled": true, "listen": "127.0.0.1:0"},
		"rpc":     section{"enabled": true, "listen": "127.0.0.1:0"},
		"socket":  section{"enabled": true, "listen": "127.0.0.1:0", "timeout": 3600},
	}
	for key, value := range cfg {
		all[key] = value
	}
	return all
}

// relay is a running transfer process.
type relay struct {
	cmd    *exec.Cmd
	output *output
	rpc    string // address; likewise http and socket
	http   string
	socket string
	exited chan struct{}
	err    error // of the process; read after exited
}

// startRelay runs the binary with cfg and waits until it is ready. It is killed at
// the test's end if it still runs.
func startRelay(t *testing.T, cfg section) *relay {
	t.Helper()
	text, err := json.MarshalIndent(cfg, "", "  ")
	require.NoError(t, err)
	return startRelayFile(t, writeFile(t, "cfg.json", text))
}

func startRelayFile(t *testing.T, file string) *relay {
	t.Helper()
	r := launch(t, "-c", file)
	require.Eventually(t, func() bool {
		return r.hasExited() || strings.Contains(r.output.String(), "relay is ready")
	}, 20*time.Second, 5*time.Millisecond)
	require.False(t, r.hasExited(), "the relay ended:\n%s", r.output)
	ports := regexp.MustCompile(`relay is ready".* rpc=(\S+) http=(\S+) socket=(\S+)`).FindStringSubmatch(r.output.String())
	require.NotNil(t, ports, r.output)
	r.rpc, r.http, r.socket = ports[1], ports[2], ports[3]
	return r
}

// launch runs the binary with args.
func launch(t *testing.T, args ...string) *relay {
	t.Helper()
	r := &relay{cmd: exec.Command(binary, args...), output: &output{}, exited: make(chan struct{})}
	r.cmd.Dir = t.TempDir()
	r.cmd.Stdout, r.cmd.Stderr = r.output, r.output
	require.NoError(t, r.cmd.Start())
	go func() {
		r.err = r.cmd.Wait()
		close(r.exited)
	}()
	t.Cleanup(func() {
		_ = r.cmd.Process.Kill()
		<-r.exited
		if t.Failed() {
			t.Logf("output of the relay:\n%s", r.output)
		}
	})
	return r
}

func (r *relay) hasExited() bool {
	select {
	case <-r.exited:
		return true
	default:
		return false
	}
}

// stop sends SIGTERM and returns how long the process took to end, well.
func (r *relay) stop(t *testing.T) time.Duration {
	t.Helper()
	began := time.Now()
	require.NoError(t, r.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-r.exited:
	case <-time.After(20 * time.Second):
		t.Fatal("the relay does not stop")
	}
	require.NoError(t, r.err, "exit of the relay")
	return time.Since(began)
}

// get returns the body of an admin page that answers 200.
func (r *relay) get(t *testing.T, path string) string {
	t.Helper()
	code, body := httpGet(t, "http://"+r.http+path)
	require.Equal(t, http.StatusOK, code, "%s: %s", path, body)
	return body
}

func httpGet(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

// ledger returns the state and account of every target by its ID, and holds the
// ledger to balance.
func (r *relay) ledger(t *testing.T) map[string]stat.Target {
	t.Helper()
	require.Contains(t, r.get(t, "/api/ledger"), `{"balanced":true,`)
	var status struct{ Targets []stat.Target }
	require.NoError(t, json.Unmarshal([]byte(r.get(t, "/api/status")), &status))
	targets := make(map[string]stat.Target)
	for _, target := range status.Targets {
		require.True(t, target.Balanced(), "%+v", target)
		targets[target.ID] = target
	}
	return targets
}

// drained waits until nothing is queued for any target.
func (r *relay) drained(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		for _, target := range r.ledger(t) {
			if target.Queued > 0 {
				return false
			}
		}
		return true
	}, 60*time.Second, 20*time.Millisecond)
}

// output collects what a process prints.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

func writeFile(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, data, 0o600))
	return path
}
