package dead

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
	"transfer/sender/spool/folder"
)

const testTarget = "graph/graph-00/10.0.0.1:6070"

func openStore(t testing.TB, dir string, o Options) *Store {
	s, err := Open(dir, o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// letters reads all letters of the target from the position on.
func letters(t testing.TB, s *Store, target string, from segment.Position) (all []Letter, positions []segment.Position) {
	r, err := s.Letters(target, from)
	require.NoError(t, err)
	defer r.Close()
	for {
		l, p, err := r.Next()
		if errors.Is(err, io.EOF) {
			require.Zero(t, r.Damage())
			return all, positions
		}
		require.NoError(t, err)
		l.Item = bytes.Clone(l.Item)
		all, positions = append(all, l), append(positions, p)
	}
}

// want returns the letters of those numbers as the store gives them.
func want(target string, numbers ...uint64) (all []Letter) {
	for _, n := range numbers {
		l := letter(n)
		l.Target = target
		all = append(all, l)
	}
	return all
}

func TestLettersComeBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "dead")
	s := openStore(t, dir, Options{})
	targets := []string{testTarget, "tsdb", "judge/../a:1"}
	for n := range uint64(6) {
		require.NoError(t, s.Add(targets[n%3], letter(n+1)))
	}
	require.NoError(t, s.Sync())
	for range 2 {
		for i, target := range targets {
			got, at := letters(t, s, target, segment.Position{})
			require.Equal(t, want(target, uint64(i+1), uint64(i+4)), got)
			rest, _ := letters(t, s, target, at[0])
			require.Equal(t, want(target, uint64(i+4)), rest)
		}
		boxes, err := s.Boxes()
		require.NoError(t, err)
		require.Len(t, boxes, 3)
		for _, b := range boxes {
			require.Equal(t, uint64(2), b.Letters)
			require.Positive(t, b.Bytes)
		}
		require.NoError(t, s.Close())
		s = openStore(t, dir, Options{})
	}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := entry.Info()
		require.NoError(t, err)
		require.Equal(t, map[bool]fs.FileMode{true: 0o700, false: 0o600}[entry.IsDir()], info.Mode().Perm(), path)
		return nil
	}))
}

func TestWhenIsNow(t *testing.T) {
	now := time.Unix(1_700_000_000, 5)
	s := openStore(t, t.TempDir(), Options{Now: func() time.Time { return now }})
	require.NoError(t, s.Add(testTarget, Letter{Item: []byte("x")}))
	got, _ := letters(t, s, testTarget, segment.Position{})
	require.Equal(t, now, got[0].When)
}

// What was removed does not come back, also after a restart, and numbers go on.
func TestRemove(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	for n := range uint64(5) {
		require.NoError(t, s.Add(testTarget, letter(n+1)))
	}
	_, at := letters(t, s, testTarget, segment.Position{})
	require.NoError(t, s.Remove(testTarget, segment.Position{}, at[1]))
	require.NoError(t, s.Remove(testTarget, segment.Position{}, at[0]), "further back: nothing")
	for range 2 {
		got, _ := letters(t, s, testTarget, segment.Position{})
		require.Equal(t, want(testTarget, 3, 4, 5), got)
		boxes, err := s.Boxes()
		require.NoError(t, err)
		require.Equal(t, uint64(3), boxes[0].Letters)
		require.NoError(t, s.Close())
		s = openStore(t, dir, Options{})
	}
	require.NoError(t, s.Remove(testTarget, segment.Position{}, at[4]))
	for range 2 {
		got, _ := letters(t, s, testTarget, segment.Position{})
		require.Empty(t, got)
		boxes, err := s.Boxes()
		require.NoError(t, err)
		require.Zero(t, boxes[0].Letters)
		require.Zero(t, boxes[0].Bytes)
		require.NoError(t, s.Close())
		s = openStore(t, dir, Options{})
	}
	require.NoError(t, s.Add(testTarget, letter(6)))
	got, again := letters(t, s, testTarget, segment.Position{})
	require.Equal(t, want(testTarget, 6), got)
	require.Equal(t, uint64(7), again[0].Next)
}

func TestCap(t *testing.T) {
	var log bytes.Buffer
	s := openStore(t, t.TempDir(), Options{Cap: 8 << 20, Log: slog.New(slog.NewTextHandler(&log, nil))})
	l := letter(1)
	l.Item = make([]byte, 300<<10)
	const all = 60
	for n := range all {
		require.NoError(t, s.Add(testTarget, l))
		boxes, err := s.Boxes()
		require.NoError(t, err)
		require.LessOrEqual(t, boxes[0].Bytes, int64(8<<20))
		require.Equal(t, uint64(n+1), boxes[0].Letters+boxes[0].Dropped)
	}
	require.Contains(t, log.String(), "oldest went")
	got, _ := letters(t, s, testTarget, segment.Position{})
	require.Greater(t, len(got), 10)
	boxes, err := s.Boxes()
	require.NoError(t, err)
	require.Len(t, got, int(boxes[0].Letters))

	l.Item = make([]byte, 2<<20)
	var tooLarge *segment.TooLargeError
	require.ErrorAs(t, s.Add(testTarget, l), &tooLarge)
}

// A byte that is flipped costs one letter, counted.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	for n := range uint64(3) {
		require.NoError(t, s.Add(testTarget, letter(n+1)))
	}
	_, at := letters(t, s, testTarget, segment.Position{})
	require.NoError(t, s.Close())
	names, err := filepath.Glob(filepath.Join(dir, folder.Path(testTarget), "letters", "*.seg"))
	require.NoError(t, err)
	file, err := os.OpenFile(names[0], os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = file.WriteAt([]byte{0xff}, at[1].Offset-9)
	require.NoError(t, err)
	require.NoError(t, file.Close())

	s = openStore(t, dir, Options{})
	r, err := s.Letters(testTarget, segment.Position{})
	require.NoError(t, err)
	defer r.Close()
	for _, n := range []uint64{1, 3} {
		l, _, err := r.Next()
		require.NoError(t, err)
		require.Equal(t, n, l.First)
	}
	require.Equal(t, uint64(1), r.Damage())
}

func TestIllegibleLetter(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{})
	require.NoError(t, s.Add(testTarget, letter(1)))
	require.NoError(t, s.boxes[testTarget].log.Append(segment.Record{First: 2, Count: 1, Payload: []byte("nonsense")}))
	require.NoError(t, s.Add(testTarget, letter(3)))
	r, err := s.Letters(testTarget, segment.Position{})
	require.NoError(t, err)
	defer r.Close()
	for _, n := range []uint64{1, 3} {
		l, _, err := r.Next()
		require.NoError(t, err)
		require.Equal(t, n, l.First)
	}
	require.Equal(t, uint64(1), r.Damage())
}

func TestDamagedManifest(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	require.NoError(t, s.Add(testTarget, letter(1)))
	require.NoError(t, s.Close())
	manifest := filepath.Join(dir, folder.Path(testTarget), "manifest.json")
	require.NoError(t, os.WriteFile(manifest, []byte("{"), 0o600))
	var log bytes.Buffer
	s = openStore(t, dir, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	require.Contains(t, log.String(), "unknown")
	got, _ := letters(t, s, testTarget, segment.Position{})
	require.Equal(t, want(testTarget, 1), got)
	require.FileExists(t, manifest+".damaged")
}

func TestTwoTargetsInOneFolder(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{})
	require.NoError(t, s.Add("graph/a/b_1", letter(1)))
	var clash *folder.ClashError
	require.ErrorAs(t, s.Add("graph/a/b:1", letter(1)), &clash)
}

func TestConcurrentAdd(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range uint64(50) {
				if err := s.Add("graph/n/h:"+strconv.Itoa(i%3), letter(n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	boxes, err := s.Boxes()
	require.NoError(t, err)
	var sum uint64
	for _, b := range boxes {
		sum += b.Letters
	}
	require.Equal(t, uint64(8*50), sum)
}

// fullDisk is a disk without room for another file.
type fullDisk struct{ segment.OSDisk }

func (fullDisk) Create(path string) (segment.File, error) {
	return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.ENOSPC}
}

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	require.NoError(t, s.Add(testTarget, letter(1)))
	require.NoError(t, s.Close())
	s = openStore(t, dir, Options{Disk: fullDisk{}})
	err := s.Add(testTarget, letter(2))
	require.ErrorIs(t, err, segment.ErrFull)
	require.ErrorContains(t, err, "free space")
	got, _ := letters(t, s, testTarget, segment.Position{})
	require.Equal(t, want(testTarget, 1), got)
}
