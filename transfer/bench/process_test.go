package bench

import (
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// shell starts a shell with a script.
func shell(t *testing.T, script string) *process {
	t.Helper()
	p, err := startProcess(t.TempDir(), "/bin/sh", "-c", script)
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.stopIn(0) })
	return p
}

// says waits until the process has printed the word.
func says(t *testing.T, p *process, word string) {
	t.Helper()
	require.NoError(t, p.await(func() bool { return strings.Contains(p.lastWords(), word) }))
}

// The CPU clock of a running process says what the kernel says when it has ended.
func TestCPUClock(t *testing.T) {
	p := shell(t, `i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo done; exec sleep 60`)
	says(t, p, "done")
	require.Eventually(t, func() bool { // sleep has taken the shell's place
		name, err := os.ReadFile("/proc/" + strconv.Itoa(p.pid()) + "/comm")
		return err == nil && string(name) == "sleep\n"
	}, startWithin, time.Millisecond)
	running, err := p.cpu()
	require.NoError(t, err)
	memory, err := p.peakMemory()
	require.NoError(t, err)
	require.NoError(t, p.stop())
	state := p.cmd.ProcessState
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

func TestProcessStops(t *testing.T) {
	p := shell(t, `trap 'echo bye; exit 0' TERM; echo hello; while :; do sleep 0.01; done`)
	says(t, p, "hello")
	require.NoError(t, p.stop())
	require.NoError(t, p.err)
	require.Contains(t, p.lastWords(), "bye")
	require.NoError(t, p.stop(), "a second stop does nothing")

	deaf := shell(t, `trap '' TERM; echo hello; while :; do sleep 0.01; done`)
	says(t, deaf, "hello")
	require.ErrorContains(t, deaf.stopIn(10*time.Millisecond), "it was killed")
	require.True(t, deaf.hasEnded())
}

func TestProcessDoesNotStart(t *testing.T) {
	_, err := startProcess(t.TempDir(), "/no/such/program")
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = startProcess("/no/such/folder", "/bin/sh")
	require.ErrorContains(t, err, "cannot keep the log")

	p := shell(t, `echo 'no luck today'; exit 3`)
	err = p.await(func() bool { return false })
	require.ErrorContains(t, err, "no luck today")
	require.ErrorContains(t, err, "exit status 3")
}

func TestAwaitPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	p := shell(t, `exec sleep 60`)
	require.NoError(t, p.awaitPort(l.Addr().String()))
	require.NoError(t, p.stop())
	free, err := freeAddress()
	require.NoError(t, err)
	require.Error(t, p.awaitPort(free))
	again, err := net.Listen("tcp", free)
	require.NoError(t, errors.Join(err))
	require.NoError(t, again.Close())
}
