package trial

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/stat"
)

// Get returns the body of an admin page that answers 200.
func (r *Relay) Get(path string) (string, error) {
	client := http.Client{Timeout: 10 * time.Second}
	resp, err := client.Get("http://" + r.Ports.Load().HTTP + path)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, resp.Status, body)
	}
	return string(body), err
}

// Status is the answer of /api/status.
type Status struct {
	Rings   []stat.Ring
	Targets []stat.Target
}

// Status returns what /api/status says.
func (r *Relay) Status() (Status, error) {
	text, err := r.Get("/api/status")
	if err != nil {
		return Status{}, err
	}
	var s Status
	return s, json.Unmarshal([]byte(text), &s)
}

// ledger returns the ledger, which must balance at any time.
func (r *Relay) ledger() (Books, error) {
	text, err := r.Get("/api/ledger")
	if err != nil {
		return Books{}, err
	}
	var b Books
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		return Books{}, err
	}
	if !b.Balanced {
		return b, errors.New("unbalanced: " + text)
	}
	return b, nil
}

// MustLedger is ledger while the relay runs.
func (r *Relay) MustLedger() Books {
	r.t.Helper()
	b, err := r.ledger()
	require.NoError(r.t, err)
	return b
}

// Health returns what /api/health says.
func (r *Relay) Health() (durability string, details []string) {
	r.t.Helper()
	text, err := r.Get("/api/health")
	require.NoError(r.t, err)
	var h struct {
		Durability string
		Details    []string
	}
	require.NoError(r.t, json.Unmarshal([]byte(text), &h))
	return h.Durability, h.Details
}

// Becomes waits until health says so.
func (r *Relay) Becomes(durability string, within time.Duration) {
	r.t.Helper()
	var said string
	var details []string
	for deadline := time.Now().Add(within); said != durability; time.Sleep(20 * time.Millisecond) {
		said, details = r.Health()
		require.True(r.t, said == durability || time.Now().Before(deadline),
			"after %s health says %s, not %s: %q", within, said, durability, details)
	}
}

// Eventually waits for ok, which is asked by the test's own goroutine.
func Eventually(t *testing.T, within time.Duration, otherwise string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(within); !ok(); {
		require.True(t, time.Now().Before(deadline), "%s within %s", otherwise, within)
		time.Sleep(10 * time.Millisecond)
	}
}

// weigh notes the most memory that the process has had.
func (r *Relay) weigh() {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.Now.PID()))
	if err != nil {
		return // it has ended
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	if fields := strings.Fields(rest); len(fields) > 0 {
		kib, err := strconv.ParseInt(fields[0], 10, 64)
		require.NoError(r.t, err)
		r.Memory = max(r.Memory, kib<<10)
	}
}

// disk returns how many bytes of its disk the data directory takes.
func (r *Relay) disk() int64 {
	var all int64
	_ = filepath.WalkDir(r.Data, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil // what is removed meanwhile takes nothing
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			all += info.Sys().(*syscall.Stat_t).Blocks * 512
		}
		return nil
	})
	return all
}

// CPU returns the processor time that the process has taken.
func (r *Relay) CPU() time.Duration {
	r.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.Now.PID()))
	require.NoError(r.t, err)
	_, rest, _ := strings.Cut(string(text), ") ") // the name may hold spaces
	fields := strings.Fields(rest)
	user, err := strconv.Atoi(fields[11])
	require.NoError(r.t, err)
	system, err := strconv.Atoi(fields[12])
	require.NoError(r.t, err)
	const tick = 10 * time.Millisecond
	return time.Duration(user+system) * tick
}
