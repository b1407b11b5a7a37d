package faults

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
)

// placed is a record of a log and where it lies.
type placed struct {
	file     string // path
	from, to int64  // bytes of the file
	points   int
	record   segment.Record
}

// logs returns the folders below data in which there are segments.
func logs(t *testing.T, data string) (folders []string) {
	t.Helper()
	for _, path := range files(t, data) {
		if folder := filepath.Dir(path); filepath.Ext(path) == ".seg" && !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	return folders
}

// spools returns the folders of spools' logs, and journal that of the journal.
func spools(t *testing.T, data string) []string {
	t.Helper()
	return logs(t, filepath.Join(data, "spool"))
}

func journal(t *testing.T, data string) string {
	t.Helper()
	folders := logs(t, filepath.Join(data, "journal"))
	require.Len(t, folders, 1, "folders of the journal")
	return folders[0]
}

// files returns the regular files below the folder, sorted.
func files(t *testing.T, folder string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			paths = append(paths, path)
		}
		return err
	})
	if !errors.Is(err, os.ErrNotExist) {
		require.NoError(t, err)
	}
	return paths
}

// segmentsOf returns the files of a log's segments, the oldest first.
func segmentsOf(t *testing.T, folder string) (paths []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.seg"))
	require.NoError(t, err)
	slices.Sort(paths) // their names begin with their numbers
	require.NotEmpty(t, paths)
	return paths
}

// openLog opens the log of a folder, whoever it belongs to.
func openLog(t *testing.T, folder string) *segment.Log {
	t.Helper()
	segments := segmentsOf(t, folder)
	owner, encoding := signs(t, segments[len(segments)-1])
	l, err := segment.Open(folder, segment.Options{Owner: owner, Encoding: encoding, Cap: 64 << 30})
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// signs returns owner and encoding as they stand in the header of a segment.
func signs(t *testing.T, path string) (owner, encoding string) {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	const ownerFrom, text = 44, 64
	header := make([]byte, ownerFrom+2*text)
	_, err = io.ReadFull(file, header)
	require.NoError(t, err)
	name := func(b []byte) string { return strings.TrimRight(string(b), "\x00") }
	return name(header[ownerFrom : ownerFrom+text]), name(header[ownerFrom+text:])
}

// records returns the records of a log.
func records(t *testing.T, folder string) (all []placed) {
	t.Helper()
	l := openLog(t, folder)
	names := make(map[uint64]string)
	for _, s := range l.Segments() {
		names[s.Number] = filepath.Join(folder, s.Name)
	}
	r := l.Reader(segment.Position{})
	defer r.Close()
	for {
		record, behind, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		const header, align = 32, 8
		size := (header + int64(len(record.Payload)) + align - 1) / align * align
		record.Payload = slices.Clone(record.Payload)
		all = append(all, placed{names[behind.Segment], behind.Offset - size, behind.Offset, int(record.Count), record})
	}
}

// pointsIn returns the points of the records that overlap the bytes of the file.
func pointsIn(all []placed, file string, from, to int64) (points int) {
	for _, p := range all {
		if p.file == file && p.from < to && from < p.to {
			points += p.points
		}
	}
	return points
}

// withPoints returns those of the records that hold points.
func withPoints(all []placed) []placed {
	return slices.DeleteFunc(slices.Clone(all), func(p placed) bool { return p.points == 0 })
}
