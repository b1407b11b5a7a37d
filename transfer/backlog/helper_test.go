package backlog

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"transfer/g/segment"
	"transfer/sender/dead"
	"transfer/sender/queue"
	"transfer/sender/spool"
)

const (
	graph = "graph/graph-00/10.0.0.1:6070"
	tsdb  = "tsdb"
)

// fakeData is a data directory of which the test says what was delivered.
type fakeData struct {
	read   map[string]segment.Position
	purged map[string]uint64
	end    map[string]segment.Position
	closed int
	fail   error // of Purged
}

func newFakeData() *fakeData {
	return &fakeData{
		read: make(map[string]segment.Position), purged: make(map[string]uint64), end: make(map[string]segment.Position),
	}
}

func (d *fakeData) open(string) (Data, error) { return d, nil }

func (d *fakeData) Read(target string, lane int) segment.Position {
	if lane > 0 {
		return segment.Position{}
	}
	return d.read[target]
}

func (d *fakeData) Purged(f spool.Folder, points uint64) error {
	if d.fail != nil {
		return d.fail
	}
	d.purged[f.Target] += points
	d.end[f.Target] = f.End
	return nil
}

func (d *fakeData) Close() error { d.closed++; return nil }

// testTime is when points are accepted, in no odd zone.
func testTime() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local) }

// fillSpools makes spools in the data directory: two Blocks of a graph, two items
// each, the second an hour later, and one of a TSDB. It returns the position behind
// the graph's first Block.
func fillSpools(t *testing.T, dir string) segment.Position {
	now := testTime()
	store, err := spool.Open(filepath.Join(dir, spoolFolder), spool.Options{Now: func() time.Time { return now }})
	require.NoError(t, err)
	put := func(target, encoding string, lane, lanes int, accepted time.Time, items ...string) segment.Position {
		now = accepted
		p, err := store.Lane(spool.LaneOptions{Target: target, Lane: lane, Lanes: lanes, Hash: "crc32", Encoding: encoding})
		require.NoError(t, err)
		b := &queue.Block{First: 1, Last: 2, Accepted: accepted}
		for i, item := range items {
			b.Payload = append(b.Payload, item...)
			b.Close(uint32(i) + 0xab)
		}
		positions, err := p.Append(b)
		require.NoError(t, err)
		require.NoError(t, p.Close())
		return positions[0]
	}
	first := put(graph, "graph/1", 0, 2, testTime(), "\x01\x05cpu\x00", "\x01\x05mem\x00")
	put(graph, "graph/1", 0, 2, testTime().Add(time.Hour), "\x01\x06disk\x00", "\x01\x04net\x00")
	put(graph, "graph/1", 1, 2, testTime(), "\x01\x05load\x00")
	put(tsdb, "tsdb/1 telnet", 0, 1, testTime(), "put cpu 1 2 host=a\n")
	return first
}

func fillLetters(t *testing.T, dir string) {
	store, err := dead.Open(filepath.Join(dir, deadFolder), dead.Options{})
	require.NoError(t, err)
	for i, item := range []string{"put cpu 1 2 host=a\n", "put mem 1 2 host=a\n", "put \xff"} {
		require.NoError(t, store.Add(tsdb, dead.Letter{
			Address: "10.0.0.9:4242", Reason: "bad\nvalue", When: testTime().Add(time.Duration(i) * time.Minute), Hash: 0xab,
			First: 1, Last: 2, Encoding: "tsdb/1 telnet", Item: []byte(item),
		}))
	}
	require.NoError(t, store.Close())
}

// run runs a command on the directory and returns what it printed.
func run(t *testing.T, cmd *cobra.Command, in, dir string, args ...string) (out string, err error) {
	var stdout, stderr bytes.Buffer
	cmd.SetIn(strings.NewReader(in))
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	cmd.SilenceErrors = true
	cmd.SetArgs(append(args, "--data", dir))
	err = cmd.Execute()
	require.Empty(t, stderr.String())
	return stdout.String(), err
}

var errNoDisk = errors.New("no disk")
