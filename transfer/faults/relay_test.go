package faults

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// section is one section of a configuration file, or the file itself.
type section map[string]any

// relay is a transfer that may be killed and started again. Its ports are others
// each time: whoever needs one asks anew.
type relay struct {
	t      *testing.T
	config section
	data   string   // its data directory
	under  []string // the command that runs it, such as prlimit; may be empty
	now    *process // nil before the first start
	ports  atomic.Pointer[ports]

	memory int64 // the most that any of its processes has had, bytes
}

// ports are addresses, host:port.
type ports struct{ rpc, http, socket string }

// newRelay returns a relay that start starts, with cfg and what every one has.
func newRelay(t *testing.T, cfg section) *relay {
	t.Helper()
	config := section{
		"dataDir":     filepath.Join(t.TempDir(), "data"),
		"memoryLimit": memoryLimit,
		"http":        section{"enabled": true, "listen": "127.0.0.1:0"},
		"rpc":         section{"enabled": true, "listen": "127.0.0.1:0"},
		"socket":      section{"enabled": true, "listen": "127.0.0.1:0", "timeout": 3600},
	}
	for key, value := range cfg {
		config[key] = value
	}
	r := &relay{t: t, config: config, data: config["dataDir"].(string)}
	r.ports.Store(&ports{})
	return r
}

// memoryLimit is that of every relay; memoryBound what promise P10 allows beyond.
const (
	memoryLimit = "192MiB"
	memoryBound = (192 + 100) << 20
)

// launch starts a process of the relay and doesn't wait.
func (r *relay) launch() *process {
	r.t.Helper()
	text, err := json.MarshalIndent(r.config, "", "  ")
	require.NoError(r.t, err)
	file := filepath.Join(r.t.TempDir(), "cfg.json")
	require.NoError(r.t, os.WriteFile(file, text, 0o600))
	return launch(r.t, append(r.under[:len(r.under):len(r.under)], binary, "-c", file)...)
}

// start starts the relay and waits until it takes points. It returns how long that
// took.
func (r *relay) start() time.Duration {
	r.t.Helper()
	began := time.Now()
	r.now = r.launch()
	eventually(r.t, 30*time.Second, "the relay does not start", func() bool {
		return r.now.hasExited() || strings.Contains(r.now.output.String(), "relay is ready")
	})
	took := time.Since(began)
	require.False(r.t, r.now.hasExited(), "the relay ended")
	found := regexp.MustCompile(`relay is ready".* rpc=(\S+) http=(\S+) socket=(\S+)`).FindStringSubmatch(r.now.output.String())
	require.NotNil(r.t, found, "the relay does not say its ports")
	r.ports.Store(&ports{found[1], found[2], found[3]})
	return took
}

// kill ends the process by SIGKILL.
func (r *relay) kill() {
	r.t.Helper()
	r.weigh()
	require.False(r.t, r.now.hasExited(), "the relay ended by itself")
	r.now.kill()
}

// stop ends the relay by SIGTERM, which must take 10 s at most and go well.
func (r *relay) stop() time.Duration {
	r.t.Helper()
	r.weigh()
	began := time.Now()
	r.now.signal(syscall.SIGTERM)
	require.True(r.t, r.now.endsWithin(20*time.Second), "the relay does not stop")
	took := time.Since(began)
	require.NoError(r.t, r.now.err, "exit of the relay")
	require.LessOrEqual(r.t, took, 10*time.Second, "duration of the stop")
	return took
}
