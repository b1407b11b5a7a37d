package trial

import (
	"bytes"
	"encoding/json"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"
)

// upgradeTime is how long an upgrade may take until the old process is gone.
const upgradeTime = 15 * time.Second

// Upgrade makes the relay give way to a new process, of whatever lies at its path, and
// waits until the old one is gone. It returns how long that took.
func (r *Relay) Upgrade() time.Duration {
	r.t.Helper()
	r.weigh()
	began, was := time.Now(), r.Now
	was.Signal(syscall.SIGUSR2)
	require.True(r.t, was.EndsWithin(upgradeTime), "the old process does not give way")
	took := time.Since(began)
	require.NoError(r.t, was.err, "exit of the old process")
	var id int
	Eventually(r.t, upgradeTime, "nobody has taken over", func() bool {
		id = r.process()
		return id != 0 && id != was.PID()
	})
	r.Now = was.successor(r.t, id)
	return took
}

// process returns the process that answers, 0 for none.
func (r *Relay) process() int {
	text, err := r.Get("/api/upgrade")
	if err != nil {
		return 0
	}
	var state struct{ Process int }
	require.NoError(r.t, json.Unmarshal([]byte(text), &state), text)
	return state.Process
}

// Processes returns those that run with the relay's configuration.
func (r *Relay) Processes() (ids []int) {
	r.t.Helper()
	entries, err := os.ReadDir("/proc")
	require.NoError(r.t, err)
	for _, e := range entries {
		id, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		line, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline") // it may have ended
		if bytes.Contains(line, []byte(r.file)) {
			ids = append(ids, id)
		}
	}
	return ids
}
