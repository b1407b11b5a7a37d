package faults

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// damage is what happens to the files of a killed relay.
type damage struct {
	name  string
	short bool // a part of the short form
	// spool says that what is lost must be counted as damaged in the ledger.
	spool bool
	times int // how often it is tried in the full form, 0: once
	// marks says that no mark is left: all that the files have is sent again.
	marks bool
	// do damages the files below data and returns how many points that may cost.
	do func(t *testing.T, data string, r *rand.Rand) (points int)
}

// damages is the list of all.
func damages() []damage {
	return []damage{
		{name: "a flipped bit at a spool's record boundary", short: true, spool: true, times: 6, do: func(t *testing.T, data string, r *rand.Rand) int {
			return flipHeader(t, spoolOf(t, data), r)
		}},
		{name: "a flipped bit in a spool's record", spool: true, times: 3, do: func(t *testing.T, data string, r *rand.Rand) int {
			return flipAnywhere(t, spoolOf(t, data), r)
		}},
		{name: "a zeroed page in a spool", spool: true, do: func(t *testing.T, data string, r *rand.Rand) int {
			return zeroPage(t, spoolOf(t, data), r)
		}},
		{name: "garbage in place of the state", short: true, marks: true, do: func(t *testing.T, data string, _ *rand.Rand) int {
			for _, path := range stateFiles(t, data) {
				overwrite(t, path, func(b []byte) []byte { return garbageOf(len(b)) })
			}
			return 0
		}},
		{name: "half of each state file", marks: true, do: func(t *testing.T, data string, _ *rand.Rand) int {
			for _, path := range stateFiles(t, data) {
				overwrite(t, path, func(b []byte) []byte { return b[:len(b)/2] })
			}
			return 0
		}},
		{name: "no state at all", marks: true, do: func(t *testing.T, data string, _ *rand.Rand) int {
			for _, path := range stateFiles(t, data) {
				require.NoError(t, os.Remove(path))
			}
			return 0
		}},
		{name: "a flipped bit at a journal's record boundary", short: true, times: 6, do: func(t *testing.T, data string, r *rand.Rand) int {
			return flipHeader(t, journal(t, data), r)
		}},
		{name: "a flipped bit in a journal's record", times: 3, do: func(t *testing.T, data string, r *rand.Rand) int {
			return flipAnywhere(t, journal(t, data), r)
		}},
		{name: "a torn tail of the journal", short: true, times: 3, do: func(t *testing.T, data string, r *rand.Rand) int {
			return tear(t, journal(t, data), r)
		}},
		{name: "a torn tail of a spool", times: 3, do: func(t *testing.T, data string, r *rand.Rand) int {
			return tear(t, spoolOf(t, data), r)
		}},
		{name: "a zeroed page in the journal", do: func(t *testing.T, data string, r *rand.Rand) int {
			return zeroPage(t, journal(t, data), r)
		}},
		{name: "a deleted segment of a spool", spool: true, do: func(t *testing.T, data string, _ *rand.Rand) int {
			folder := spoolOf(t, data)
			first := segmentsOf(t, folder)[0]
			points := allPoints(records(t, folder), first)
			require.NoError(t, os.Remove(first))
			return points
		}},
		{name: "two segments of a spool swapped", do: func(t *testing.T, data string, _ *rand.Rand) int {
			return swap(t, spoolOf(t, data))
		}},
		{name: "the journal deleted", do: func(t *testing.T, data string, _ *rand.Rand) int {
			folder := journal(t, data)
			points := allPoints(records(t, folder), "")
			require.NoError(t, os.RemoveAll(folder))
			return points
		}},
		{name: "a flipped bit in the header of a segment", do: func(t *testing.T, data string, r *rand.Rand) int {
			flip(t, segmentsOf(t, spoolOf(t, data))[0], r.Int64N(176), r)
			return 0
		}},
		{name: "a flipped bit in a manifest", times: 3, do: func(t *testing.T, data string, r *rand.Rand) int {
			path := manifestOf(t, spoolOf(t, data))
			flip(t, path, r.Int64N(fileBytes(t, path)), r)
			return 0
		}},
		{name: "a wrong letter in a manifest", short: true, do: func(t *testing.T, data string, _ *rand.Rand) int {
			overwrite(t, manifestOf(t, spoolOf(t, data)), func(b []byte) []byte {
				return bytes.Replace(b, []byte("graph/"), []byte("gRaph/"), 1)
			})
			return 0
		}},
		{name: "a flipped bit in the state", times: 3, do: func(t *testing.T, data string, r *rand.Rand) int {
			slots := stateFiles(t, data)
			path := slots[r.IntN(len(slots))]
			flip(t, path, r.Int64N(fileBytes(t, path)), r)
			return 0
		}},
	}
}

// spoolOf returns the folder of the spool with the most segments.
func spoolOf(t *testing.T, data string) (folder string) {
	t.Helper()
	most := 0
	for _, f := range spools(t, data) {
		if n := len(segmentsOf(t, f)); n > most {
			folder, most = f, n
		}
	}
	require.Positive(t, most, "there is no spool")
	return folder
}

// manifestOf returns the manifest of the target whose lane's folder it gets.
func manifestOf(t *testing.T, folder string) string {
	t.Helper()
	for _, path := range files(t, filepath.Dir(folder)) {
		if filepath.Base(path) == "manifest.json" {
			return path
		}
	}
	require.Fail(t, "there is no manifest")
	return ""
}

// stateFiles returns the slots with marks and counters.
func stateFiles(t *testing.T, data string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(data, "state*"))
	require.NoError(t, err)
	require.NotEmpty(t, found, "there is no state file")
	return found
}

func fileBytes(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Size()
}

func overwrite(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, change(content), 0o600))
}

func garbageOf(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.Int())
	}
	return b
}

// flip turns one bit of the file's byte at the offset.
func flip(t *testing.T, path string, at int64, r *rand.Rand) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	one := make([]byte, 1)
	_, err = file.ReadAt(one, at)
	require.NoError(t, err)
	one[0] ^= 1 << r.IntN(8)
	_, err = file.WriteAt(one, at)
	require.NoError(t, err)
}

// flipHeader flips a bit of a record's header.
func flipHeader(t *testing.T, folder string, r *rand.Rand) int {
	t.Helper()
	all := withPoints(records(t, folder))
	require.NotEmpty(t, all)
	hit := all[r.IntN(len(all))]
	const header = 32
	flip(t, hit.file, hit.from+r.Int64N(header), r)
	return hit.points
}

// flipAnywhere flips a bit of a record.
func flipAnywhere(t *testing.T, folder string, r *rand.Rand) int {
	t.Helper()
	all := withPoints(records(t, folder))
	require.NotEmpty(t, all)
	hit := all[r.IntN(len(all))]
	flip(t, hit.file, hit.from+r.Int64N(hit.to-hit.from), r)
	return hit.points
}

// zeroPage makes the page in which a record begins zeros.
func zeroPage(t *testing.T, folder string, r *rand.Rand) int {
	t.Helper()
	all := withPoints(records(t, folder))
	require.NotEmpty(t, all)
	hit := all[r.IntN(len(all))]
	const page = 4 << 10
	from := max(hit.from/page*page, 2*page) // not the headers: these are two, in two pages
	points := pointsIn(all, hit.file, from, from+page)
	file, err := os.OpenFile(hit.file, os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = file.WriteAt(make([]byte, page), from)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	return points
}

// tear cuts the log off within its last record.
func tear(t *testing.T, folder string, r *rand.Rand) int {
	t.Helper()
	all := withPoints(records(t, folder))
	require.NotEmpty(t, all)
	last := all[len(all)-1]
	require.NoError(t, os.Truncate(last.file, last.from+r.Int64N(last.to-last.from)))
	return last.points
}

// swap exchanges the names of the log's first two segments.
func swap(t *testing.T, folder string) int {
	t.Helper()
	segments := segmentsOf(t, folder)
	require.Greater(t, len(segments), 1)
	all := records(t, folder)
	a, b, aside := segments[0], segments[1], segments[0]+".aside"
	require.NoError(t, os.Rename(a, aside))
	require.NoError(t, os.Rename(b, a))
	require.NoError(t, os.Rename(aside, b))
	return allPoints(all, a) + allPoints(all, b)
}

// allPoints returns the points of a file's records, or of all for "".
func allPoints(all []placed, file string) (points int) {
	for _, p := range all {
		if file == "" || p.file == file {
			points += p.points
		}
	}
	return points
}
