package spool

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
	"transfer/sender/spool/folder"
)

func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "spool")
	p := openLane(t, openStore(t, dir, Options{}), laneOptions())
	_, err := p.Append(block(1, time.Now(), 1))
	require.NoError(t, err)
	for path := laneDir(dir); path != filepath.Dir(filepath.Dir(dir)); path = filepath.Dir(path) {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o700), info.Mode().Perm(), path)
	}
	for _, path := range []string{segments(t, dir)[0], filepath.Join(laneDir(dir), "..", "manifest.json")} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), path)
	}
}

// Names of nodes may be anything; each target has its own spool.
func TestOddNames(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	ids := []string{"tsdb", "judge/a/b/h:1", "judge/a/h:1", "judge/../h:1", "judge//h:1", "judge/a b\n/h:1", "judge/%/h:1",
		"judge/é/h:1", "judge/" + strings.Repeat("long ", 100) + "/h:1", "judge/" + strings.Repeat("long ", 100) + "!/h:1", "judge/a/[::1]:1"}
	for i, id := range ids {
		o := laneOptions()
		o.Target = id
		_, err := openLane(t, s, o).Append(block(1, time.Now(), make([]int, i+1)...))
		require.NoError(t, err, id)
	}
	files, err := os.ReadDir(filepath.Dir(dir))
	require.NoError(t, err)
	require.Len(t, files, 1, "nothing lies outside")
	for _, s := range []*Store{s, openStore(t, dir, Options{})} {
		folders, err := s.Folders()
		require.NoError(t, err)
		require.Len(t, folders, len(ids))
		points := make(map[string]uint64)
		for _, f := range folders {
			points[f.Target] = f.Points
		}
		for i, id := range ids {
			require.Equal(t, uint64(i+1), points[id], id)
		}
	}
}

func TestTwoTargetsInOneFolder(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{})
	o := laneOptions()
	o.Target = "graph/a/b_1"
	openLane(t, s, o)
	o.Target = "graph/a/b:1"
	o.Lane = 1
	_, err := s.Lane(o)
	var clash *folder.ClashError
	require.ErrorAs(t, err, &clash)
	require.Equal(t, "graph/a/b_1", clash.Owner)
}

func TestLaneIsOpenOnce(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{})
	p := openLane(t, s, laneOptions())
	_, err := s.Lane(laneOptions())
	require.ErrorContains(t, err, "it is open")
	require.NoError(t, p.Close())
	_, err = openLane(t, s, laneOptions()).Append(block(1, time.Now(), 1))
	require.NoError(t, err)
}

// The number of lanes changes when all of them are empty.
func TestLanesChange(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	o := laneOptions()
	o.Lanes, o.Lane = 2, 1
	p := openLane(t, s, o)
	_, err := p.Append(block(1, time.Now(), 1))
	require.NoError(t, err)
	var lanes *LanesError
	for _, n := range []int{1, 3} {
		l := laneOptions()
		l.Lanes = n
		_, err = s.Lane(l)
		require.ErrorAs(t, err, &lanes)
		require.Equal(t, &LanesError{Target: testTarget, Lanes: 2}, lanes)
	}
	o.Lane = 0
	openLane(t, s, o)
	p.Seal()
	require.NoError(t, p.Release(p.End()))
	require.NoError(t, p.Close())
	o.Lanes, o.Lane = 3, 2
	openLane(t, s, o)
	folders, err := s.Folders()
	require.NoError(t, err)
	require.Len(t, folders, 3)
	require.Equal(t, 3, folders[0].Lanes)
}

// P9: a manifest that is damaged or missing is made anew of what lies there.
func TestLostManifest(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"damaged": func(path string) error { return os.WriteFile(path, []byte("\x00\x00"), 0o600) },
		"missing": os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := openStore(t, dir, Options{})
			o := laneOptions()
			o.Lanes = 2
			want := block(1, time.Now(), 1)
			for o.Lane = range o.Lanes {
				p := openLane(t, s, o)
				_, err := p.Append(want)
				require.NoError(t, err)
				require.NoError(t, p.Close())
			}
			require.NoError(t, spoil(filepath.Join(laneDir(dir), "..", "manifest.json")))

			var log bytes.Buffer
			s = openStore(t, dir, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
			require.Contains(t, log.String(), "unknown")
			var lanes *LanesError
			_, err := s.Lane(laneOptions())
			require.ErrorAs(t, err, &lanes)
			require.Equal(t, 2, lanes.Lanes)
			for o.Lane = range o.Lanes {
				got, _ := readAll(t, openLane(t, s, o), segment.Position{})
				require.Len(t, got, 1)
				same(t, want, got[0])
			}
			log.Reset()
			openStore(t, dir, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
			require.Empty(t, log.String())
		})
	}
}

// What is unknown is named and left alone.
func TestUnknownFolders(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "graph", "g", "h_1", "0"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "note"), []byte("mine"), 0o600))
	var log bytes.Buffer
	s := openStore(t, dir, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	require.Contains(t, log.String(), filepath.Join("graph", "g", "h_1"))
	require.Contains(t, log.String(), filepath.Join(dir, "note"))
	openLane(t, s, laneOptions())
	folders, err := s.Folders()
	require.NoError(t, err)
	require.Len(t, folders, 1)
	require.FileExists(t, filepath.Join(dir, "note"))
	require.DirExists(t, filepath.Join(dir, "graph", "g", "h_1", "0"))
}

// The folders of targets that are not configured can be opened as they are.
func TestFolders(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	o := laneOptions()
	o.Lanes, o.Lane, o.Hash = 2, 1, "murmur3"
	want := block(1, time.Now(), 5, 6)
	p := openLane(t, s, o)
	_, err := p.Append(want)
	require.NoError(t, err)
	open, err := s.Folders()
	require.NoError(t, err)
	end := p.End()
	require.NoError(t, p.Close())

	s = openStore(t, dir, Options{})
	folders, err := s.Folders()
	require.NoError(t, err)
	require.Len(t, folders, 1)
	f := folders[0]
	require.Equal(t, f.Points, uint64(2))
	require.Equal(t, end, f.End)
	require.Positive(t, f.Bytes)
	require.False(t, f.Segments[0].Begun.IsZero())
	require.Equal(t, "graph/1", f.Segments[0].Encoding)
	require.Equal(t, LaneOptions{Target: testTarget, Lane: 1, Lanes: 2, Hash: "murmur3", Encoding: "graph/1"}, f.Stored())
	require.Equal(t, open, folders, "as while it was open")
	got, _ := readAll(t, openLane(t, s, f.Stored()), f.Tail)
	require.Len(t, got, 1)
	same(t, want, got[0])
}

func TestStoreOnABadDisk(t *testing.T) {
	disk := new(faultyDisk)
	dir := t.TempDir()
	s := openStore(t, dir, Options{Disk: disk})
	disk.fail(syscall.EROFS)
	_, err := s.Lane(laneOptions())
	require.ErrorIs(t, err, syscall.EROFS)
	_, err = Open(dir, Options{Disk: disk})
	require.ErrorIs(t, err, syscall.EROFS)
	disk.fail(nil)
	_, err = openLane(t, s, laneOptions()).Append(block(1, time.Now(), 1))
	require.NoError(t, err)
}
