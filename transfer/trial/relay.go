package trial

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

// Section is one section of a configuration file, or the file itself.
type Section map[string]any

// Relay is a transfer that may be killed and started again. Its ports are others
// each time: whoever needs one asks anew.
type Relay struct {
	t      *testing.T
	Config Section
	Data   string   // its data directory
	file   string   // that holds the configuration
	Under  []string // the command that runs it, such as prlimit; may be empty
	Binary string   // the path of the program
	Now    *Process // nil before the first start
	Ports  atomic.Pointer[Ports]

	Memory int64 // the most that any of its processes has had, bytes
}

// Ports are addresses, host:port.
type Ports struct{ RPC, HTTP, Socket string }

// NewRelay returns a relay that start starts, with cfg and what every one has.
func (s *Suite) NewRelay(t *testing.T, cfg Section) *Relay {
	t.Helper()
	config := Section{
		"dataDir":     filepath.Join(t.TempDir(), "data"),
		"memoryLimit": memoryLimit,
		"http":        Section{"enabled": true, "listen": "127.0.0.1:0"},
		"rpc":         Section{"enabled": true, "listen": "127.0.0.1:0"},
		"socket":      Section{"enabled": true, "listen": "127.0.0.1:0", "timeout": 3600},
	}
	for key, value := range cfg {
		config[key] = value
	}
	r := &Relay{t: t, Binary: s.binary, Config: config, Data: config["dataDir"].(string), file: filepath.Join(t.TempDir(), "cfg.json")}
	r.Ports.Store(&Ports{})
	return r
}

// memoryLimit is that of every relay; memoryBound what promise P10 allows beyond.
const (
	memoryLimit = "192MiB"
	memoryBound = (192 + 100) << 20
)

// File returns the path of the file that holds the configuration.
func (r *Relay) File() string { return r.file }

// Text returns the configuration as it is written to the file.
func (r *Relay) Text() []byte {
	r.t.Helper()
	text, err := json.MarshalIndent(r.Config, "", "  ")
	require.NoError(r.t, err)
	return text
}

func (r *Relay) write() {
	r.t.Helper()
	r.writeText(r.Text())
}

func (r *Relay) writeText(text []byte) {
	r.t.Helper()
	next := r.file + ".next"
	require.NoError(r.t, os.WriteFile(next, text, 0o600))
	require.NoError(r.t, os.Rename(next, r.file))
}

// Launch starts a process of the relay and doesn't wait.
func (r *Relay) Launch() *Process {
	r.t.Helper()
	r.write()
	return Launch(r.t, append(r.Under[:len(r.Under):len(r.Under)], r.Binary, "-c", r.file)...)
}

// Start starts the relay and waits until it takes points. It returns how long that
// took.
func (r *Relay) Start() time.Duration {
	r.t.Helper()
	began := time.Now()
	r.Now = r.Launch()
	Eventually(r.t, 30*time.Second, "the relay does not start", func() bool {
		return r.Now.HasExited() || strings.Contains(r.Now.Output.String(), "relay is ready")
	})
	took := time.Since(began)
	require.False(r.t, r.Now.HasExited(), "the relay ended")
	found := regexp.MustCompile(`relay is ready".* rpc=(\S+) http=(\S+) socket=(\S+)`).FindStringSubmatch(r.Now.Output.String())
	require.NotNil(r.t, found, "the relay does not say its ports")
	r.Ports.Store(&Ports{found[1], found[2], found[3]})
	return took
}

// Runs reports whether it has been started and has not ended.
func (r *Relay) Runs() bool { return r.Now != nil && !r.Now.HasExited() }

// Kill ends the process by SIGKILL.
func (r *Relay) Kill() {
	r.t.Helper()
	r.weigh()
	require.False(r.t, r.Now.HasExited(), "the relay ended by itself")
	r.Now.Kill()
}

// Stop ends the relay by SIGTERM, which must take 10 s at most and go well.
func (r *Relay) Stop() time.Duration {
	r.t.Helper()
	r.weigh()
	began := time.Now()
	r.Now.Signal(syscall.SIGTERM)
	require.True(r.t, r.Now.EndsWithin(20*time.Second), "the relay does not stop")
	took := time.Since(began)
	require.NoError(r.t, r.Now.err, "exit of the relay")
	require.LessOrEqual(r.t, took, 10*time.Second, "duration of the stop")
	return took
}
