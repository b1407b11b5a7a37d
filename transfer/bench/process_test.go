package bench

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/program"
)

// The CPU clock of a running process says what the kernel says when it has ended.
func TestCPUClock(t *testing.T) {
	p, err := startProcess(t.TempDir(), "/bin/sh", "-c", `i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo done; exec sleep 60`)
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.StopIn(0) })
	require.NoError(t, p.Await(func() bool { return strings.Contains(p.LastWords(), "done") }))
	require.Eventually(t, func() bool { // sleep has taken the shell's place
		name, err := os.ReadFile("/proc/" + strconv.Itoa(p.PID()) + "/comm")
		return err == nil && string(name) == "sleep\n"
	}, program.ReadyWithin, time.Millisecond)
	running, err := p.cpu()
	require.NoError(t, err)
	memory, err := p.peakMemory()
	require.NoError(t, err)
	require.NoError(t, p.Stop())
	state, _ := p.Wait() // ended by the signal
	ended := state.UserTime() + state.SystemTime()
	require.InDelta(t, ended, running, float64(20*time.Millisecond))
	require.Greater(t, running, 20*time.Millisecond, "the loop was counted")

	usage := state.SysUsage().(*syscall.Rusage)
	require.Positive(t, memory)
	require.LessOrEqual(t, memory, usage.Maxrss<<10)
	_, err = p.peakMemory()
	require.ErrorContains(t, err, "cannot read the peak memory")
	_, err = p.cpu()
	require.ErrorContains(t, err, "cannot read the CPU clock")
}
