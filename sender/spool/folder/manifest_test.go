package folder

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
)

type testManifest struct {
	Target string `json:"target"`
	Lanes  int    `json:"lanes"`
}

func TestManifest(t *testing.T) {
	dir, disk := t.TempDir(), segment.OSDisk{}
	var got testManifest
	require.ErrorIs(t, Read(disk, dir, "a", &got), fs.ErrNotExist)
	require.NoError(t, os.WriteFile(filepath.Join(dir, manifestName+".new"), []byte("of a crash"), 0o600))
	for lanes := range 3 {
		want := testManifest{"a", lanes}
		require.NoError(t, Write(disk, dir, want))
		require.NoError(t, Read(disk, dir, "a", &got))
		require.Equal(t, want, got)
	}
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1)
	info, err := files[0].Info()
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode())
	var clash *ClashError
	require.ErrorAs(t, Read(disk, dir, "b", &got), &clash)
	require.Equal(t, &ClashError{Dir: dir, Target: "b", Owner: "a"}, clash)
}

func TestDamagedManifest(t *testing.T) {
	disk := segment.OSDisk{}
	for name, text := range map[string]string{
		"empty": "", "zeros": "\x00\x00\x00\x00", "cut": `{"target": "a", "lan`, "no target": `{"lanes": 1}`, "a list": "[]",
		"another type": `{"target": "a", "lanes": "x"}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, manifestName), []byte(text), 0o600))
			var got testManifest
			require.ErrorIs(t, Read(disk, dir, "a", &got), ErrDamaged)
			require.NoError(t, PutAside(disk, dir))
			require.ErrorIs(t, Read(disk, dir, "a", &got), fs.ErrNotExist)
			kept, err := os.ReadFile(filepath.Join(dir, damagedName))
			require.NoError(t, err)
			require.Equal(t, text, string(kept))
		})
	}
}

func TestWalk(t *testing.T) {
	root, disk := t.TempDir(), segment.OSDisk{}
	put := func(path, target string) {
		dir := filepath.Join(root, path)
		require.NoError(t, disk.MakeDir(dir))
		if target != "" {
			require.NoError(t, Write(disk, dir, testManifest{Target: target}))
		}
	}
	put("tsdb", "tsdb")
	put("tsdb/0", "")
	put("graph/g/10.0.0.1_6070", "graph/g/10.0.0.1:6070")
	put("graph/g/10.0.0.1_6070/0", "")
	put("graph/moved/10.0.0.1_6070", "graph/g/10.0.0.1:6070")
	put("graph/g/nobody_6070/0", "")
	put("influxdb", "")
	require.NoError(t, os.WriteFile(filepath.Join(root, "influxdb", "something"), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(root, "note"), nil, 0o600))
	targets, unknown, err := Walk(disk, root)
	require.NoError(t, err)
	require.Equal(t, []Target{
		{ID: "graph/g/10.0.0.1:6070", Path: "graph/g/10.0.0.1_6070"}, {ID: "tsdb", Path: "tsdb"},
	}, targets)
	require.Equal(t, []string{"graph/g/nobody_6070", "graph/moved/10.0.0.1_6070", "influxdb", "note"}, unknown)

	_, _, err = Walk(disk, filepath.Join(root, "nowhere"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestNumbered(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"10", "2", "0", "00", "-1", "x"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o700))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "3"), nil, 0o600))
	numbers, err := Numbered(segment.OSDisk{}, dir)
	require.NoError(t, err)
	require.Equal(t, []int{0, 2, 10}, numbers)
	numbers, err = Numbered(segment.OSDisk{}, filepath.Join(dir, "nowhere"))
	require.NoError(t, err)
	require.Empty(t, numbers)
}
