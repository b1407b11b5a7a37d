package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// What here needs more than an ordinary user has. Where that lacks, the test is
// skipped, loudly.

// skip skips the test and says why.
func skip(t *testing.T, format string, args ...any) {
	t.Helper()
	fmt.Fprintf(os.Stderr, "SKIP: %s: %s\n", t.Name(), fmt.Sprintf(format, args...))
	t.SkipNow()
}

// program returns the path of a program; without it the test is skipped.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	for _, dir := range []string{"/usr/sbin", "/sbin"} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	skip(t, "%s is not installed", name)
	return ""
}

// mount mounts something for the time of the test and returns where.
func mount(t *testing.T, args ...string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "mnt")
	require.NoError(t, os.Mkdir(dir, 0o700))
	mountAt(t, dir, args...)
	return dir
}

// mountAt is mount at a folder that exists.
func mountAt(t *testing.T, dir string, args ...string) {
	t.Helper()
	if os.Getuid() != 0 {
		skip(t, "only root can mount")
	}
	out, err := exec.Command(program(t, "mount"), append(args, dir)...).CombinedOutput()
	if err != nil {
		skip(t, "cannot mount %q: %s", args, strings.TrimSpace(string(out)))
	}
	t.Cleanup(func() { unmount(t, dir) })
}

// unmount unmounts the folder, if anything is mounted there.
func unmount(t *testing.T, dir string) {
	err := syscall.Unmount(dir, syscall.MNT_DETACH)
	if err != nil && err != syscall.EINVAL {
		t.Errorf("cannot unmount %s: %v", dir, err)
	}
}

// smallDisk mounts a file system of 64 MiB in memory.
func smallDisk(t *testing.T) (dir string) {
	t.Helper()
	return mount(t, "-t", "tmpfs", "-o", "size=64m", "tmpfs")
}

// fill takes all the space that the folder's file system has left, until the func is
// called.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	path := filepath.Join(dir, "filler")
	file, err := os.Create(path)
	require.NoError(t, err)
	piece := make([]byte, 64<<10)
	for err == nil {
		_, err = file.Write(piece)
		if err != nil && len(piece) > 1 {
			piece, err = piece[:len(piece)/2], nil // to the last byte
		}
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.NoError(t, file.Close())
	return func() { require.NoError(t, os.Remove(path)) }
}

// inject makes the system calls of the relay's process fail, as strace's inject says,
// until the func is called.
func inject(t *testing.T, r *trial.Relay, calls, how string) (end func()) {
	t.Helper()
	strace := program(t, "strace")
	p := trial.Launch(t, strace, "-f", "-qq", "-o", os.DevNull, "-p", fmt.Sprint(r.Now.PID()),
		"-e", "trace="+calls, "-e", "inject="+calls+":"+how)
	for deadline := time.Now().Add(5 * time.Second); !isTraced(t, r.Now.PID()); {
		if p.HasExited() || time.Now().After(deadline) {
			skip(t, "strace cannot attach: %s", p.Output)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return func() {
		p.Signal(syscall.SIGINT) // it lets go
		require.True(t, p.EndsWithin(10*time.Second), "strace does not end")
	}
}

// isTraced reports whether each thread of the process is traced.
func isTraced(t *testing.T, pid int) bool {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	require.NoError(t, err)
	for _, path := range threads {
		status, err := os.ReadFile(path)
		if err != nil || strings.Contains(string(status), "TracerPid:\t0\n") {
			return false
		}
	}
	return len(threads) > 0
}
