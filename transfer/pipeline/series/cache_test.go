package series

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g/metric"
	"transfer/sender/ring"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plain is an encoder that wants the metrics with this prefix and writes down all
// that it may see of a series.
type plain struct{ prefix string }

func (e plain) Wants(p *metric.Point) bool { return strings.HasPrefix(p.Metric, e.prefix) }

func (e plain) AppendSeries(dst []byte, p *metric.Point) []byte {
	return fmt.Appendf(dst, "%s|%q|%q|%q|%d|%s", e.prefix, p.Endpoint, p.Metric, p.Tags, p.Step, p.Type)
}

// encoders returns three, of which the second wants little and the third nothing.
func encoders() []Encoder { return []Encoder{plain{}, plain{"cpu"}, plain{"none"}} }

func (e plain) Hash() ring.Hash {
	if e.prefix == "" {
		return ring.Murmur3
	}
	return ring.CRC32
}

func (e plain) Slot(hash uint32) int32 { return int32(hash % 7) }

const roomy = 1 << 30 // bytes

// seen is what a cache gave for one point.
type seen struct {
	sum, murmur3 uint32
	parts        [3]string
	wanted       [3]bool
	slots        [3]int32
}

// find asks for the series of the points, all in one batch.
func find(c *Cache, points []metric.Point) []seen {
	var all []seen
	b, cursor := &metric.Batch{}, c.Cursor()
	defer cursor.Done()
	for i := range points {
		p := points[i]
		found := cursor.Find(b, &p)
		s := seen{sum: found.Sum, murmur3: found.Murmur3}
		if p.Sum != found.Sum || p.Murmur3 != found.Murmur3 {
			panic("the point and its series have different hashes")
		}
		for i := range s.parts {
			part := found.Next()
			s.wanted[i], s.slots[i], s.parts[i] = part.Wanted, part.Slot, string(part.Text)
		}
		all = append(all, s)
	}
	return all
}

// point returns a valid point of one of many series.
func point(endpoint, name, tags string) metric.Point {
	return metric.Point{Endpoint: endpoint, Metric: name, RawTags: tags, Value: 1, Step: 60, Type: metric.Gauge}
}

// agents returns the points of n agents, 20 series each, in the agents' order.
func agents(n int) []metric.Point {
	var points []metric.Point
	for a := range n {
		for m := range 20 {
			points = append(points, point(fmt.Sprintf("host-%d", a), fmt.Sprintf("cpu.%d", m), []string{"", "core=1", "b=2,a=1"}[m%3]))
		}
	}
	return points
}

// Points that differ in one thing only are of different series for the cache, also
// where their names run together into the same text.
func neighbours() []metric.Point {
	p := point("ab", "cpu", "a=1")
	others := []metric.Point{p}
	for _, change := range []func(p *metric.Point){
		func(p *metric.Point) { p.Endpoint, p.Metric = "abc", "pu" },
		func(p *metric.Point) { p.Endpoint, p.Metric = "a", "bcpu" },
		func(p *metric.Point) { p.Metric, p.RawTags = "cpua", "=1" },
		func(p *metric.Point) { p.Metric, p.RawTags = "cpua=1", "" },
		func(p *metric.Point) { p.Metric = "mem" },
		func(p *metric.Point) { p.RawTags = "a=2" },
		func(p *metric.Point) { p.RawTags = " a=1" }, // the same key, sent otherwise
		func(p *metric.Point) { p.Step = 61 },
		func(p *metric.Point) { p.Step = 60 + 1<<32 },
		func(p *metric.Point) { p.Type = metric.Counter },
		func(p *metric.Point) { p.Metric, p.RawTags, p.Joined = "cpu/a=1", "", true }, // the same key
		func(p *metric.Point) { p.Metric, p.RawTags = "cpu/a=1", "" },
		func(p *metric.Point) { p.Metric, p.RawTags, p.Joined = "cpu/a=1,b", "", true },
		func(p *metric.Point) { p.Endpoint = strings.Repeat("e", 70_000) },
		func(p *metric.Point) { p.Endpoint = strings.Repeat("e", 65_000) },
	} {
		other := p
		change(&other)
		others = append(others, other)
	}
	return others
}

// A cache never changes a result: off, roomy, tiny and thrashing ones say the same
// of points in steady order, in changing order and of neighbours.
func TestCacheNeverChangesAResult(t *testing.T) {
	points := append(agents(50), neighbours()...)
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name  string
		cache *Cache
	}{
		{"on", New(1_000_000, roomy, true, encoders()...)},
		{"tiny", New(1, roomy, true, encoders()...)},
		{"thrashing", New(len(points)/3, roomy, true, encoders()...)},
		{"short of bytes", New(1_000_000, 3*chunkCost, true, encoders()...)},
		{"without bytes", New(1_000_000, 0, true, encoders()...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			off := New(0, 0, true, encoders()...)
			for round := range 30 {
				require.Equal(t, find(off, points), find(c.cache, points), "round %d", round)
				if round > 2 {
					i, j := random.IntN(len(points)), random.IntN(len(points))
					points[i], points[j] = points[j], points[i]
				}
				if round > 20 {
					random.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
				}
			}
		})
	}
}

func FuzzFind(f *testing.F) {
	f.Add("host-1", "cpu.idle", "core=1", "cpu.busy", []byte{0, 1, 2, 3, 0, 1})
	f.Add("", "m", "a=1,a=2", "m", []byte{3, 3, 0, 255, 16})
	f.Add("a/b", "c", "=", "", []byte("0123456789"))
	f.Add("host-1", "a", "b=c", "a/b=c", []byte{0, 16, 1, 17, 16, 20, 0, 16})
	f.Fuzz(func(t *testing.T, endpoint, name, tags, other string, order []byte) {
		var points []metric.Point
		for _, o := range order {
			p := point(endpoint, name, tags)
			if o&1 != 0 {
				p.Metric = other
			}
			if o&2 != 0 {
				p.Endpoint = other
			}
			if o&4 != 0 {
				p.RawTags = name
			}
			if o&16 != 0 {
				p.Metric, p.RawTags, p.Joined = p.Metric+"/"+p.RawTags, "", true
			}
			if p.Step += int64(o & 8); p.Metric == "" || p.Endpoint == "" || len(p.Metric)+len(p.RawTags) > metric.MaxNameBytes {
				continue // no valid point
			}
			points = append(points, p)
		}
		off, small := New(0, 0, false, encoders()...), New(3, roomy, false, encoders()...)
		for range 3 {
			require.Equal(t, find(off, points), find(small, points))
		}
	})
}

func TestCacheIsBounded(t *testing.T) {
	points := agents(500)
	c := New(1000, roomy, false, encoders()...)
	for range 3 {
		find(c, points)
		require.LessOrEqual(t, c.Len(), 1000)
	}
	few := New(1_000_000, 10*chunkCost, false, encoders()...)
	find(few, points[:3*leastFull])
	require.Positive(t, few.Len())
	require.LessOrEqual(t, chunksOf(few), 10)
	require.EqualValues(t, 10*chunkCost, few.bytesLeft.Load()+int64(chunksOf(few))*chunkCost)
}

func chunksOf(c *Cache) (n int) {
	for i := range c.shards {
		n += len(c.shards[i].chunks)
	}
	return n
}

// What is remembered is found again, by the order of the last time.
func TestSteadyOrderIsFollowed(t *testing.T) {
	points := agents(3)
	c := New(len(points), roomy, false, encoders()...)
	find(c, points)
	require.Equal(t, len(points), c.Len())
	b, cursor := &metric.Batch{}, c.Cursor()
	defer cursor.Done()
	followed := 0
	for i := range points {
		p := points[i]
		if cursor.shard != nil {
			at := cursor.shard.entries[cursor.last].next
			if e := &cursor.shard.entries[at]; at != 0 && e.fits(&p, cursor.shard.record(e)) && cursor.isOf(e, p.Endpoint) {
				followed++
			}
		}
		cursor.Find(b, &p)
		require.Empty(t, p.Key, "nothing is made anew")
	}
	// An agent's first follows the last of another only where both lie in one shard,
	// which the seed of the hash decides.
	require.GreaterOrEqual(t, followed, len(points)-3, "all but each agent's first")
}

// The endpoint of an agent is kept once, not with each of its series.
func TestEndpointIsKeptOnce(t *testing.T) {
	const size = 3000
	var points []metric.Point
	for i := range 15 {
		points = append(points, point(strings.Repeat("e", size), fmt.Sprint("m", i), ""))
	}
	c := New(100, roomy, false, encoders()...)
	find(c, points)
	used := 0
	for i := range c.shards {
		for _, chunk := range c.shards[i].chunks {
			used += len(chunk)
		}
	}
	parts := len(points) * (size + 100) // plain writes the endpoint down again
	require.Less(t, used, parts+2*size)
	require.Greater(t, used, parts)
}

// A client's next batch may lie where the last one lay: an endpoint at the same place
// is not the same endpoint.
func TestEndpointAtTheSamePlace(t *testing.T) {
	text := []byte("host-1")
	c := New(100, roomy, false, encoders()...)
	points := []metric.Point{point(unsafe.String(&text[0], len(text)), "cpu", ""), point(unsafe.String(&text[0], len(text)), "mem", "")}
	for i := range 20 {
		text[len(text)-1] = byte('1' + i%3)
		off := New(0, 0, false, encoders()...)
		require.Equal(t, find(off, points), find(c, points))
	}
	require.Equal(t, 6, c.Len())
}

// A series that is sent in both ways is the same one, but each way is remembered.
func TestJoinedAndPartedAreOneSeries(t *testing.T) {
	c := New(10, roomy, true, encoders()...)
	parted, joined := point("e", "cpu", "b=2,a=1"), point("e", "cpu/b=2,a=1", "")
	joined.Joined = true
	for range 2 {
		got := find(c, []metric.Point{parted, joined, parted})
		require.Equal(t, got[0], got[1])
		require.Equal(t, got[0], got[2])
	}
	require.Equal(t, 2, c.Len())
}

// Series that have ended give way to those that live.
func TestFullCacheStartsAnew(t *testing.T) {
	c := New(100, roomy, false, encoders()...)
	find(c, agents(5)) // 100 series, which then end
	require.Equal(t, 100, c.Len())
	var living []metric.Point
	for _, p := range agents(4) {
		p.Endpoint = "new-" + p.Endpoint
		living = append(living, p)
	}
	for range 1 + restartAfter*leastFull/len(living) {
		find(c, living)
	}
	find(c, living)
	b, cursor := &metric.Batch{}, c.Cursor()
	defer cursor.Done()
	for _, p := range living {
		cursor.Find(b, &p)
		require.Empty(t, p.Key, "remembered")
	}
}

func TestManyGoroutines(t *testing.T) {
	c := New(300, roomy, true, encoders()...)
	off := New(0, 0, true, encoders()...)
	var work sync.WaitGroup
	for i := range 8 {
		work.Go(func() {
			points := agents(20 + i)
			want := find(off, points)
			for range 20 {
				if got := find(c, points); !equal(want, got) {
					t.Error("a result has changed")
					return
				}
			}
		})
	}
	work.Wait()
	require.LessOrEqual(t, c.Len(), 300)
}

func equal(a, b []seen) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}
