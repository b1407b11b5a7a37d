package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// P14: a second process on the same data directory refuses to start.
func TestDataDirHasOneOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "var", "transfer")
	first, err := openDataDir(path)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())

	_, err = openDataDir(path)
	require.ErrorIs(t, err, errLocked)
	require.NoError(t, first.Close())
	second, err := openDataDir(path)
	require.NoError(t, err)
	require.NoError(t, second.Close())
}

func TestDataDirThatIsAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, err := openDataDir(path)
	require.ErrorContains(t, err, "cannot create the data directory")
}
