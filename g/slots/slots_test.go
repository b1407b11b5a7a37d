package slots

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
)

// reopen returns what a new process finds.
func reopen(t *testing.T, dir string) (state string, damage []error) {
	t.Helper()
	s, found, damage, err := Open(segment.OSDisk{}, dir, "state")
	require.NoError(t, err)
	require.NoError(t, s.Close())
	return string(found), damage
}

func open(t *testing.T, disk segment.Disk, dir string) *Slots {
	t.Helper()
	s, _, _, err := Open(disk, dir, "state")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestNewestStateIsFound(t *testing.T) {
	dir := t.TempDir()
	state, damage := reopen(t, dir)
	require.Empty(t, state)
	require.Empty(t, damage)
	for i := range 5 {
		s := open(t, segment.OSDisk{}, dir)
		for j := range 3 {
			text := fmt.Sprintf("state %d of process %d%*s", j, i, 10*(5-i), "") // ever shorter
			require.NoError(t, s.Write([]byte(text), j == 1))
			state, damage = reopen(t, dir)
			require.Equal(t, text, state)
			require.Empty(t, damage)
		}
	}
}

// One damaged byte, wherever it is, or a file that is cut off anywhere, leaves the
// newer state or the one before it.
func TestDamageLeavesTheOtherState(t *testing.T) {
	dir := t.TempDir()
	s := open(t, segment.OSDisk{}, dir)
	require.NoError(t, s.Write([]byte("older"), false))
	require.NoError(t, s.Write([]byte("newer"), false))
	path := filepath.Join(dir, "state.1")
	sound, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Len(t, sound, headerBytes+len("newer"))
	check := func(content []byte) {
		require.NoError(t, os.WriteFile(path, content, 0o600))
		state, damage := reopen(t, dir)
		require.Equal(t, "older", state)
		require.Len(t, damage, 1)
	}
	for i := range sound {
		check(sound[:i])
		for bit := range 8 {
			flipped := append([]byte{}, sound...)
			flipped[i] ^= 1 << bit
			check(flipped)
		}
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "state.0"), []byte("garbage"), 0o600))
	state, damage := reopen(t, dir)
	require.Empty(t, state)
	require.Len(t, damage, 2)
}

// faulty is a disk whose writes, or syncs, fail.
type faulty struct {
	segment.OSDisk
	writes, syncs bool
}

type faultyFile struct {
	segment.File
	disk *faulty
}

func (d *faulty) Create(path string) (segment.File, error) {
	f, err := d.OSDisk.Create(path)
	return &faultyFile{f, d}, err
}

func (d *faulty) Reuse(path string) (segment.File, error) {
	f, err := d.OSDisk.Reuse(path)
	if err != nil {
		return nil, err
	}
	return &faultyFile{f, d}, nil
}

func (f *faultyFile) WriteAt(b []byte, at int64) (int, error) {
	if !f.disk.writes {
		return f.File.WriteAt(b, at)
	}
	n, err := f.File.WriteAt(b[:len(b)/2], at)
	return n, errors.Join(err, syscall.ENOSPC)
}

func (f *faultyFile) Datasync() error {
	if f.disk.syncs {
		return syscall.EIO
	}
	return f.File.Datasync()
}

func TestFailedWriteLeavesTheStateBefore(t *testing.T) {
	dir, disk := t.TempDir(), &faulty{}
	s := open(t, disk, dir)
	require.NoError(t, s.Write([]byte("first"), true))
	disk.writes = true
	for range 3 {
		require.ErrorIs(t, s.Write([]byte("second"), true), syscall.ENOSPC)
		state, _ := reopen(t, dir)
		require.Equal(t, "first", state)
	}
	disk.writes, disk.syncs = false, true
	for range 3 {
		require.ErrorIs(t, s.Write([]byte("second"), true), syscall.EIO)
		state, _ := reopen(t, dir)
		require.Equal(t, "first", state)
	}
	disk.syncs = false
	require.NoError(t, s.Write([]byte("second"), true))
	state, damage := reopen(t, dir)
	require.Equal(t, "second", state)
	require.Empty(t, damage)
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, open(t, segment.OSDisk{}, dir).Write(nil, false))
	info, err := os.Stat(filepath.Join(dir, "state.0"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
}

func TestGiantStateIsRefused(t *testing.T) {
	s := open(t, segment.OSDisk{}, t.TempDir())
	require.Error(t, s.Write(make([]byte, LargestState+1), false))
}

func FuzzSlot(f *testing.F) {
	dir := f.TempDir()
	s, _, _, err := Open(segment.OSDisk{}, dir, "state")
	require.NoError(f, err)
	require.NoError(f, s.Write([]byte(`{"targets":[]}`), false))
	require.NoError(f, s.Close())
	sound, err := os.ReadFile(filepath.Join(dir, "state.0"))
	require.NoError(f, err)
	f.Add(sound, []byte{})
	f.Add(sound[:headerBytes], []byte("garbage"))
	f.Add([]byte(magic), sound)
	f.Fuzz(func(t *testing.T, a, b []byte) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "state.0"), a, 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "state.1"), b, 0o600))
		s, state, damage, err := Open(segment.OSDisk{}, dir, "state")
		require.NoError(t, err)
		require.LessOrEqual(t, len(state), max(len(a), len(b)))
		require.LessOrEqual(t, len(damage), 2)
		require.NoError(t, s.Write([]byte("next"), false))
		require.NoError(t, s.Close())
		next, _ := reopen(t, dir)
		require.True(t, next == "next" || s.turn == 0, "the turn of a sound slot may be the highest there is")
	})
}
