package segment

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// On a real disk: names, rights, and that nothing is made before the first Append.
func TestFilesOfTheOperatingSystem(t *testing.T) {
	root := t.TempDir()
	where := filepath.Join(root, "graph", "graph-00", "0")
	o := plain(nil)
	l, err := Open(where, o)
	require.NoError(t, err)
	for _, path := range []string{where, filepath.Dir(where)} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, fs.ModeDir|0o700, info.Mode())
	}
	files, err := os.ReadDir(where)
	require.NoError(t, err)
	require.Empty(t, files)

	all := records(1, 10, 600<<10, 600<<10)
	require.NoError(t, l.Append(all...))
	require.NoError(t, l.Sync())
	files, err = os.ReadDir(where)
	require.NoError(t, err)
	require.Len(t, files, 2)
	for i, name := range []string{"0000000001-00000000.seg", "0000000002-00000000.seg"} {
		require.Equal(t, name, files[i].Name())
		info, err := files[i].Info()
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode())
		require.Equal(t, l.Segments()[i].Bytes, info.Size())
	}
	requireAll(t, l, all)
	require.NoError(t, l.Close())

	l, err = Open(where, o)
	require.NoError(t, err)
	requireAll(t, l, all)
	l.Seal()
	require.NoError(t, l.Release(l.End()))
	files, err = os.ReadDir(where)
	require.NoError(t, err)
	require.Empty(t, files)
	r := l.Reader(Position{})
	_, _, err = r.Next()
	require.ErrorIs(t, err, io.EOF)
}

func TestFileOfTheOperatingSystemIsClosed(t *testing.T) {
	f, err := OSDisk{}.Create(filepath.Join(t.TempDir(), "file"))
	require.NoError(t, err)
	require.NoError(t, f.Datasync())
	require.NoError(t, f.Close())
	require.ErrorIs(t, f.Datasync(), fs.ErrClosed)
	_, err = OSDisk{}.Open(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = OSDisk{}.Free("/none")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.Error(t, OSDisk{}.MakeDir("/proc/none/none"))
}
