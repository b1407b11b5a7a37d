package journal

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g/metric"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start is when the tests' clock begins.
var start = time.Unix(1_795_235_956, 123)

// rig is a journal in a directory of its own, with a disk and a clock that do what
// the test wants.
type rig struct {
	*Journal
	t    *testing.T
	dir  string
	disk *hookedDisk
	o    Options

	clock sync.Mutex
	now   time.Time
}

// newRig opens a journal with these options.
func newRig(t *testing.T, o Options) *rig {
	b := &rig{t: t, dir: filepath.Join(t.TempDir(), "journal"), disk: &hookedDisk{}, o: o, now: start}
	b.o.Disk = b.disk
	b.o.Now = func() time.Time {
		b.clock.Lock()
		defer b.clock.Unlock()
		return b.now
	}
	b.reopen(o)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

// reopen opens what lies on the disk with the position of o.
func (b *rig) reopen(o Options) {
	b.t.Helper()
	b.o.After = o.After
	var err error
	b.Journal, err = Open(b.dir, b.o)
	require.NoError(b.t, err)
}

// crash opens a copy of what lies on the disk, as the next process would find it. The
// journal is not closed before.
func (b *rig) crash() {
	b.t.Helper()
	old, after := b.Journal, b.Position()
	next := filepath.Join(b.t.TempDir(), "journal")
	require.NoError(b.t, os.CopyFS(next, os.DirFS(b.dir)))
	require.NoError(b.t, old.Close())
	b.dir = next
	b.reopen(Options{After: after})
}

func (b *rig) wait(d time.Duration) {
	b.clock.Lock()
	defer b.clock.Unlock()
	b.now = b.now.Add(d)
}

// somePoint returns a valid point that is the n-th of a client.
func somePoint(client string, n int) metric.Point {
	return metric.Point{
		Endpoint: client, Metric: fmt.Sprintf("m.%d", n), RawTags: []string{"", "a=1", "b=2,a=1"}[n%3],
		Value: float64(n), Timestamp: 1_795_235_900 + int64(n%2), Step: 60 + int64(n%3/2), Type: metric.CounterType(1 + n%3),
	}
}

// record returns a record of the client's points [from, to).
func record(client string, from, to int) *Record {
	r := NewRecord()
	r.Begin(start)
	for n := from; n < to; n++ {
		p := somePoint(client, n)
		r.Add([]metric.Point{p})
	}
	return r
}

// append appends a record of so many points, whose number is that of the first one,
// and ends the request.
func (b *rig) append(points int) (first uint64) {
	b.t.Helper()
	next := int(b.last + 1)
	first, err := b.Append(record("c", next, next+points))
	require.NoError(b.t, err)
	require.Equal(b.t, uint64(next), first)
	b.Done(first)
	return first
}

// replayed is what Replay gave.
type replayed struct {
	firsts   []uint64
	routings []string
	points   []metric.Point
	lost     uint64
}

// replay reads the journal from a number on. The texts of what it returns are copies.
func (b *rig) replay(from uint64) (all replayed) {
	b.t.Helper()
	lost, err := b.Replay(from, func(e *Entry) error {
		require.Equal(b.t, start.UnixNano(), e.Accepted.UnixNano())
		require.Equal(b.t, e.First+uint64(len(e.Batch.Points))-1, e.Last())
		all.firsts = append(all.firsts, e.First)
		all.routings = append(all.routings, string(e.Routing))
		all.points = append(all.points, cloned(e.Batch.Points)...)
		return nil
	})
	require.NoError(b.t, err)
	all.lost = lost
	return all
}

// cloned returns copies of points that alias nothing.
func cloned(points []metric.Point) []metric.Point {
	copies := make([]metric.Point, len(points))
	for i, p := range points {
		p.Endpoint, p.Metric, p.RawTags = string([]byte(p.Endpoint)), string([]byte(p.Metric)), string([]byte(p.RawTags))
		copies[i] = p
	}
	return copies
}

// randomRecord returns points that resemble their predecessors or not.
func randomPoints(r *rand.Rand, n int) []metric.Point {
	points := make([]metric.Point, n)
	for i := range points {
		p := somePoint(fmt.Sprint("host-", r.IntN(3)), r.IntN(10))
		if r.IntN(4) == 0 {
			p.Timestamp, p.Step, p.Value = r.Int64()-r.Int64(), 1+r.Int64N(1<<62), r.NormFloat64()
		}
		if r.IntN(50) == 0 {
			p.Endpoint = string(make([]byte, r.IntN(5000)+1))
		}
		points[i] = p
	}
	return points
}
