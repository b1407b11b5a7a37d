package faults

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// P2: a power cut. The data directory lies on a file system in a file; what that file
// holds at some moment is what a disk would hold after a cut.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	mkfs := program(t, "mkfs.ext4")
	folder := t.TempDir()
	image, dir := filepath.Join(folder, "disk"), filepath.Join(folder, "mnt")
	require.NoError(t, os.Mkdir(dir, 0o700))
	require.NoError(t, os.WriteFile(image, nil, 0o600))
	require.NoError(t, os.Truncate(image, 160<<20))
	out, err := exec.Command(mkfs, "-q", "-F", image).CombinedOutput()
	require.NoError(t, err, "%s", out)
	mountAt(t, dir, "-o", "loop", image)

	random := suite.Chance(t)
	site, _, graphs := suite.UsualSite(t)
	s := trial.NewStage(t, trial.Case{Name: "power cut", Injected: "the disk as it is at a random moment under load, in fsync mode, a graph away",
		Expected: "nothing acknowledged lost"}, site, trial.Section{"dataDir": filepath.Join(dir, "data"), "durability": "fsync"})
	l := trial.Load{Rate: usual().Rate, Answers: true}
	s.Crashed = true
	s.Relay.Start()
	s.Relay.Becomes("ok", 5*time.Second)
	s.Play(l)
	s.Flows()
	graphs[3].Fail(t, trial.Dead())
	cuts := either(1, 5)
	for n := range cuts {
		time.Sleep(between(random, 200*time.Millisecond, 3*time.Second))
		s.Relay.Now.Signal(syscall.SIGSTOP) // nobody is told any more that a point is safe
		next := filepath.Join(folder, string(rune('a'+n)))
		copyStill(t, next, image)
		s.Relay.Kill()
		require.Eventually(t, func() bool { return syscall.Unmount(dir, 0) == nil }, 10*time.Second, 10*time.Millisecond,
			"who watches how full the disk is has a folder open at times")
		require.NoError(t, os.Remove(image))
		image = next
		mountAt(t, dir, "-o", "loop", image)
		s.Relay.Start()
		s.Flows()
	}
	// A mark is no older than what was synced before it: about a second.
	s.Allowed.Duplicates = cuts * 2 * l.Rate * 3
	graphs[3].Fail(t, trial.Well())
	s.Note("%d cuts", cuts)
	s.Finish()
}

// copyStill copies a file at a moment when nobody writes to it: again, until it is the
// same after the copy as before.
func copyStill(t *testing.T, to, from string) {
	t.Helper()
	for range 50 {
		content, err := os.ReadFile(from)
		require.NoError(t, err)
		if bytes.Equal(sum(t, from), hash(content)) {
			require.NoError(t, os.WriteFile(to, content, 0o600))
			return
		}
	}
	require.Fail(t, "the disk is written to all the time")
}

func hash(b []byte) []byte {
	h := sha256.Sum256(b)
	return h[:]
}

func sum(t *testing.T, path string) []byte {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	h := sha256.New()
	_, err = io.Copy(h, file)
	require.NoError(t, err)
	return h.Sum(nil)
}
