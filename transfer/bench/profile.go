package bench

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// profileTime is how long a CPU profile takes at most.
const profileTime = 3 * time.Second

// profile begins to take a CPU profile, where one is wanted and the process has
// profiles, and returns what waits for it.
func (m *meter) profile(row Row, p *process) (wait func() error) {
	if m.profiles == "" || p.pprof == "" {
		return func() error { return nil }
	}
	took := profileTime
	if row.Rate > 0 {
		took = min(took, m.paced)
	}
	done := make(chan error, 1)
	go func() { done <- saveProfile(p.pprof, took, filepath.Join(m.profiles, row.Name+".pprof")) }()
	return func() error { return <-done }
}

// saveProfile writes the CPU profile of the next so many seconds into a file.
func saveProfile(address string, took time.Duration, file string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("cannot take a profile: %w", err)
		}
	}()
	url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", address, max(1, int(took.Seconds())))
	client := http.Client{Transport: new(http.Transport)}
	defer client.CloseIdleConnections()
	reply, err := client.Get(url)
	if err != nil {
		return err
	}
	defer func() { _ = reply.Body.Close() }()
	profile, err := io.ReadAll(reply.Body)
	if err != nil {
		return err
	}
	if reply.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", reply.Status, profile)
	}
	return os.WriteFile(file, profile, 0o600)
}
