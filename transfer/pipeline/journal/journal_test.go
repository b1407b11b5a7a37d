package journal

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
	"transfer/g/segment"
)

func TestAppendAndReplay(t *testing.T) {
	b := newRig(t, Options{})
	last, open := b.Bounds()
	require.Equal(t, []uint64{0, 1}, []uint64{last, open})
	require.NoError(t, b.SetRouting([]byte("old")))
	require.Equal(t, uint64(1), b.append(3))
	require.Equal(t, uint64(4), b.append(1))
	require.NoError(t, b.SetRouting([]byte("new")))
	require.Equal(t, uint64(5), b.append(7))
	last, open = b.Bounds()
	require.Equal(t, []uint64{11, 12}, []uint64{last, open})
	require.NoError(t, b.Trouble())
	require.Zero(t, b.Exposed())
	require.Equal(t, uint64(1), b.Tail())

	for range 2 { // in this process, and in the next one
		all := b.replay(1)
		require.Equal(t, []uint64{1, 4, 5}, all.firsts)
		require.Equal(t, []string{"old", "old", "new"}, all.routings)
		for i, p := range all.points {
			require.Equal(t, somePoint("c", i+1), p)
		}
		require.Len(t, all.points, 11)
		require.Zero(t, all.lost)

		require.Equal(t, []uint64{4, 5}, b.replay(4).firsts)
		require.Equal(t, []string{"new"}, b.replay(5).routings)
		require.Equal(t, []uint64{5}, b.replay(11).firsts, "a record that is needed in part comes whole")
		require.Empty(t, b.replay(12).firsts)
		b.crash()
	}
	require.Equal(t, uint64(12), b.append(2), "numbers go on")
}

// An error of the receiver of a Replay ends it.
func TestReplayStops(t *testing.T) {
	b := newRig(t, Options{})
	b.append(1)
	b.append(1)
	stop := errors.New("stop")
	calls := 0
	_, err := b.Replay(1, func(*Entry) error { calls++; return stop })
	require.ErrorIs(t, err, stop)
	require.Equal(t, 1, calls)
}

// An open request is seen from before its numbers are given, and until it ends,
// whatever others do.
func TestBounds(t *testing.T) {
	b := newRig(t, Options{})
	var firsts []uint64
	for n := range 3 {
		first, err := b.Append(record("c", n, n+2))
		require.NoError(t, err)
		firsts = append(firsts, first)
	}
	passed := b.Pass(10)
	require.Equal(t, uint64(7), passed)
	for _, step := range []struct{ done, open uint64 }{
		{firsts[1], 1}, {firsts[0], 5}, {passed, 5}, {firsts[2], 17},
	} {
		b.Done(step.done)
		last, open := b.Bounds()
		require.Equal(t, []uint64{16, step.open}, []uint64{last, open})
	}
}

// Whatever is marked goes, by whole segments, and the next process finds the rest.
func TestRelease(t *testing.T) {
	b := newRig(t, Options{Cap: 32 << 20}) // segments of 4 MiB
	for len(b.Segments()) < 4 {
		b.append(5000)
	}
	before := b.Segments()
	middle := before[2].First
	require.NoError(t, b.Release(middle-2))
	require.Len(t, b.Segments(), 3, "a point before the segment is still needed")
	require.NoError(t, b.Release(middle-1))
	require.Len(t, b.Segments(), 2)
	require.Equal(t, middle, b.Tail())
	last, _ := b.Bounds()
	require.Equal(t, middle, b.replay(1).firsts[0])
	require.NoError(t, b.Release(last))
	require.Len(t, b.Segments(), 1, "the one that is written stays")
	b.crash()
	require.Equal(t, last+1, b.append(1))
}

// The routing stands at the head of each segment, so that it outlives the segment in
// which it was set.
func TestRoutingOutlivesItsSegment(t *testing.T) {
	b := newRig(t, Options{Cap: 8 << 20})
	require.NoError(t, b.SetRouting([]byte("routing")))
	for len(b.Segments()) < 3 {
		b.append(5000)
	}
	last, _ := b.Bounds()
	require.NoError(t, b.Release(last))
	require.Len(t, b.Segments(), 1)
	b.crash()
	for _, r := range b.replay(1).routings {
		require.Equal(t, "routing", r)
	}
}

// Where nobody gives anything up in time, the oldest goes, and it is said as long as
// memory alone has the points.
func TestFullJournalDropsAndSaysSo(t *testing.T) {
	b := newRig(t, Options{Cap: 8 << 20})
	for b.Trouble() == nil {
		b.append(5000)
		require.LessOrEqual(t, b.Bytes(), int64(8<<20))
	}
	require.ErrorContains(t, b.Trouble(), "memory")
	exposed := b.Exposed()
	require.Equal(t, b.Tail()-1, exposed)
	require.Equal(t, b.Tail(), b.replay(1).firsts[0])
	require.NoError(t, b.Release(exposed-1))
	require.Error(t, b.Trouble())
	require.NoError(t, b.Release(exposed))
	require.NoError(t, b.Trouble())
	require.Zero(t, b.Exposed())
}

// A giant request is several records under one range; a point that no segment takes
// is refused and does the others no harm.
func TestGiants(t *testing.T) {
	b := newRig(t, Options{})
	r := NewRecord()
	r.Begin(start)
	for n := range 5000 {
		p := somePoint("giant", n)
		p.RawTags = strings.Repeat("t", 500)
		r.Add([]metric.Point{p})
	}
	first, err := b.Append(r)
	require.NoError(t, err)
	b.Done(first)
	require.Equal(t, uint64(5001), b.append(1))
	all := b.replay(1)
	require.Len(t, all.points, 5001)
	require.Greater(t, len(all.firsts), 2)

	p := somePoint(strings.Repeat("e", 9<<20), 1)
	r.Begin(start)
	r.Add([]metric.Point{p})
	_, err = b.Append(r)
	require.ErrorIs(t, err, errTooLarge)
	require.NoError(t, b.Trouble())
	require.Equal(t, uint64(5002), b.append(1))
}

// A damaged byte costs its record, the points of which are counted.
func TestDamage(t *testing.T) {
	b := newRig(t, Options{})
	require.NoError(t, b.SetRouting([]byte("routing")))
	for range 20 {
		b.append(10)
	}
	require.NoError(t, b.Close())
	files, err := filepath.Glob(filepath.Join(b.dir, "*.seg"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	good, err := os.ReadFile(files[0])
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		bad := append([]byte(nil), good...)
		at := len(good)/3 + random.IntN(len(good)/3)
		bad[at] ^= 1 << random.IntN(8)
		require.NoError(t, os.WriteFile(files[0], bad, 0o600))
		b.reopen(Options{})
		all := b.replay(1)
		require.Equal(t, 200, len(all.points)+int(all.lost), "byte %d", at)
		require.LessOrEqual(t, all.lost, uint64(10))
		require.LessOrEqual(t, b.replay(150).lost, all.lost)
		require.Equal(t, uint64(201), b.append(1))
		require.NoError(t, b.Close())
		require.NoError(t, os.RemoveAll(b.dir))
		require.NoError(t, os.Mkdir(b.dir, 0o700))
	}
	b.reopen(Options{})
}

// What a later version may have written is passed over, and counted.
func TestRecordsThatAreNotUnderstood(t *testing.T) {
	b := newRig(t, Options{})
	b.append(2)
	require.NoError(t, b.log.Append(
		segment.Record{First: 3, Count: 5, Schema: schemaPoints, Payload: []byte{version + 1}},
		segment.Record{First: 8, Count: 7, Schema: 99, Payload: record("c", 0, 7).payload},
	))
	b.mu.Lock()
	b.last = 14
	b.mu.Unlock()
	b.append(2)
	all := b.replay(1)
	require.Equal(t, []uint64{1, 15}, all.firsts)
	require.Equal(t, uint64(12), all.lost)
}

// A crash at any moment: what was acknowledged is there, in order, and nothing else
// but what was under way.
func TestCrashes(t *testing.T) {
	b := newRig(t, Options{Cap: 16 << 20})
	random := rand.New(rand.NewPCG(3, 4))
	var points []metric.Point // by number, from 1 on
	mark := uint64(0)
	for range 15 {
		for range random.IntN(50) {
			some := randomPoints(random, 1+random.IntN(300))
			r := NewRecord()
			r.Begin(start)
			r.Add(some)
			first, err := b.Append(r)
			require.NoError(t, err)
			require.Equal(t, uint64(len(points)+1), first)
			b.Done(first)
			points = append(points, cloned(some)...)
		}
		if random.IntN(2) == 0 {
			mark += random.Uint64N(uint64(len(points)) - mark + 1)
			require.NoError(t, b.Release(mark))
		}
		b.crash()
		all := b.replay(mark + 1)
		require.Zero(t, all.lost)
		n := len(all.points)
		require.GreaterOrEqual(t, n, len(points)-int(mark), fmt.Sprint("mark ", mark))
		for i, p := range points[len(points)-n:] {
			requireSame(t, p, all.points[i])
		}
	}
}
