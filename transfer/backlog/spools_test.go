package backlog

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
)

func TestSpoolList(t *testing.T) {
	dir, data := t.TempDir(), newFakeData()
	read := fillSpools(t, dir)
	out, err := run(t, SpoolCommand(data.open), "", dir, "list")
	require.NoError(t, err)
	require.Equal(t, []string{
		"TARGET                        LANE  STATE  POINTS  MEMORY  BYTES     OLDEST               NEWEST               ENCODING",
		"graph/graph-00/10.0.0.1:6070  0     -      4       0       16.1 KiB  2026-01-02 03:04:05  2026-01-02 04:04:05  graph/1",
		"graph/graph-00/10.0.0.1:6070  1     -      1       0       8.1 KiB   2026-01-02 03:04:05  2026-01-02 03:04:05  graph/1",
		"tsdb                          0     -      1       0       8.1 KiB   2026-01-02 03:04:05  2026-01-02 03:04:05  tsdb/1 telnet",
		"all                           -     -      6       0       32.3 KiB",
	}, lines(out))
	require.Equal(t, 1, data.closed)

	data.read[graph] = read
	out, err = run(t, SpoolCommand(data.open), "", dir, "list", "--json")
	require.NoError(t, err)
	var rows []Row
	for _, line := range lines(out) {
		var r Row
		require.NoError(t, json.Unmarshal([]byte(line), &r))
		rows = append(rows, r)
	}
	require.Len(t, rows, 3)
	require.Equal(t, uint64(2), rows[0].Points, "two were delivered")
	require.Equal(t, 1, *rows[1].Lane)
	require.Equal(t, "04:04:05", rows[0].Oldest.Local().Format("15:04:05"))
}

func lines(out string) (all []string) {
	for line := range strings.Lines(out) {
		all = append(all, strings.TrimRight(line, " \n"))
	}
	return all
}

func TestSpoolShow(t *testing.T) {
	dir, data := t.TempDir(), newFakeData()
	read := fillSpools(t, dir)
	out, err := run(t, SpoolCommand(data.open), "", dir, "show", "graph", "--limit", "3")
	require.NoError(t, err)
	require.Equal(t, []string{
		"graph/graph-00/10.0.0.1:6070",
		"2026-01-02 03:04:05  1  lane 0  hash 000000ab  graph/1", "    ..cpu.", "    010563707500",
		"2026-01-02 03:04:05  2  lane 0  hash 000000ac  graph/1", "    ..mem.", "    01056d656d00",
		"2026-01-02 04:04:05  3  lane 0  hash 000000ab  graph/1", "    ..disk.", "    01066469736b00",
		"and 1 more: --limit shows them",
		"graph/graph-00/10.0.0.1:6070",
		"2026-01-02 03:04:05  1  lane 1  hash 000000ab  graph/1", "    ..load.", "    01056c6f616400",
	}, lines(out))

	data.read[graph] = read
	out, err = run(t, SpoolCommand(data.open), "", dir, "show", graph, tsdb, "--json", "--limit", "0")
	require.NoError(t, err)
	var points []Point
	for _, line := range lines(out) {
		var p Point
		require.NoError(t, json.Unmarshal([]byte(line), &p))
		points = append(points, p)
	}
	require.Len(t, points, 2+1+1)
	require.Equal(t, uint64(3), points[0].Number)
	last := points[3]
	require.Equal(t, "put cpu 1 2 host=a", last.Text)
	require.Empty(t, last.Hex)
	require.Equal(t, tsdb, last.Target)

	_, err = run(t, SpoolCommand(data.open), "", dir, "show", "gra")
	require.ErrorContains(t, err, `cannot find spooled points of "gra"`)
}

func TestSpoolPurge(t *testing.T) {
	dir, data := t.TempDir(), newFakeData()
	data.read[graph] = fillSpools(t, dir)
	for _, answer := range []string{"", "n\n", "x\n"} {
		out, err := run(t, SpoolCommand(data.open), answer, dir, "purge", "graph/graph-00")
		require.EqualError(t, err, "nothing was purged")
		require.Contains(t, out, "Throw these spooled points away?")
	}
	data.fail = errNoDisk
	_, err := run(t, SpoolCommand(data.open), "y\n", dir, "purge", "graph")
	require.ErrorIs(t, err, errNoDisk)
	require.Len(t, segmentsIn(t, dir), 4)

	data.fail = nil
	out, err := run(t, SpoolCommand(data.open), "y\n", dir, "purge", "graph/graph-00/")
	require.NoError(t, err)
	require.Contains(t, out, "purged 3 points\n")
	require.Equal(t, map[string]uint64{graph: 2 + 1}, data.purged)
	require.Positive(t, data.end[graph].Next)
	require.Len(t, segmentsIn(t, dir), 1)
	out, err = run(t, SpoolCommand(data.open), "", dir, "list")
	require.NoError(t, err)
	require.NotContains(t, out, "graph")

	_, err = run(t, SpoolCommand(data.open), "", dir, "purge", "--yes")
	require.ErrorContains(t, err, "name targets, or say --all")
	_, err = run(t, SpoolCommand(data.open), "", dir, "purge", "--yes", "--all", tsdb)
	require.ErrorContains(t, err, "name targets, or say --all")
	require.Len(t, segmentsIn(t, dir), 1)
	_, err = run(t, SpoolCommand(data.open), "", dir, "purge", "--yes", "--all")
	require.NoError(t, err)
	require.Empty(t, segmentsIn(t, dir))
	out, err = run(t, SpoolCommand(data.open), "", dir, "list")
	require.NoError(t, err)
	require.Equal(t, "no spooled points\n", out)
}

func segmentsIn(t *testing.T, dir string) (files []string) {
	require.NoError(t, filepath.Walk(dir, func(path string, _ os.FileInfo, err error) error {
		if ext := filepath.Ext(path); ext == ".seg" || ext == ".spare" {
			files = append(files, path)
		}
		return err
	}))
	return files
}

// What is damaged is said, and the rest is shown.
func TestSpoolShowDamage(t *testing.T) {
	dir, data := t.TempDir(), newFakeData()
	read := fillSpools(t, dir)
	path := filepath.Join(dir, spoolFolder, "graph", "graph-00", "10.0.0.1_6070", "0")
	names, err := filepath.Glob(filepath.Join(path, "*.seg"))
	require.NoError(t, err)
	file, err := os.OpenFile(names[0], os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = file.WriteAt([]byte{0xff}, read.Offset-9)
	require.NoError(t, err)
	require.NoError(t, file.Close())

	data.read[graph] = segment.Position{Next: 1}
	store, err := openSpools(dir, data, discard())
	require.NoError(t, err)
	rows, err := store.Rows()
	require.NoError(t, err)
	var shown []uint64
	damaged, err := store.Points(rows[0], func(p Point) bool { shown = append(shown, p.Number); return true })
	require.NoError(t, err)
	require.Equal(t, uint64(2), damaged)
	require.Equal(t, []uint64{3, 4}, shown)
	require.NoError(t, store.Close())
}
