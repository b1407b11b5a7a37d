package sink

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestArrivals(t *testing.T) {
	const remember = 4
	var s series
	for i, step := range []struct {
		ts   int64
		want arrival
	}{
		{10, inOrder}, {20, inOrder}, {20, repeated}, {10, repeated},
		{15, late}, {15, repeated}, // late once, then known
		{5, late},
		{30, inOrder}, {40, inOrder}, {50, inOrder}, {60, inOrder}, // eight are remembered
		{5, repeated},
		{70, inOrder},                  // four of them are forgotten
		{5, late},                      // not known any more: taken for late
		{30, repeated}, {40, repeated}, // known
	} {
		require.Equal(t, step.want, s.receive(step.ts, remember), "step %d", i)
	}
	require.Equal(t, uint64(16), s.received)
	require.Equal(t, uint64(3), s.late)
	require.Equal(t, uint64(6), s.repeated)
}

func TestLastIsTheNewest(t *testing.T) {
	for _, discard := range []bool{true, false} {
		var s series
		require.True(t, s.apply(&Point{Timestamp: -1, Value: 1}, discard))
		require.True(t, s.apply(&Point{Timestamp: 20, Value: 2}, discard))
		require.Equal(t, !discard, s.apply(&Point{Timestamp: 10, Value: 3}, discard))
		require.Equal(t, 2.0, s.last.Value)
		require.Equal(t, !discard, s.apply(&Point{Timestamp: 20, Value: 4}, discard))
	}
}

func TestSeriesAreToldApart(t *testing.T) {
	r := newRegistry(0, 0)
	tags := func(kv ...string) map[string]string {
		m := map[string]string{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i]] = kv[i+1]
		}
		return m
	}
	points := []Point{
		{Endpoint: "a", Metric: "b"},
		{Endpoint: "b", Metric: "a"},
		{Endpoint: "ab", Metric: ""},
		{Endpoint: "a", Metric: "b", Tags: tags("k", "v")},
		{Endpoint: "a", Metric: "b", Tags: tags("v", "k")},
		{Endpoint: "a", Metric: "b", Tags: tags("k", "v", "l", "w")},
		{Endpoint: "a", Metric: "b", Tags: tags("k", "w", "l", "v")},
		{Endpoint: "a", Metric: "b", Tags: tags("", "")},
	}
	found := map[*series]bool{}
	for i := range points {
		found[r.find(&points[i])] = true
	}
	require.Len(t, found, len(points))
	require.Same(t, r.find(&Point{Endpoint: "a", Metric: "b", Value: 1, Tags: tags()}), r.find(&points[0]))
}

func TestListIsSortedAndBounded(t *testing.T) {
	r := newRegistry(0, 0)
	for _, name := range []string{"e", "b", "d", "a", "c"} {
		p := Point{Endpoint: "host", Metric: name}
		r.find(&p).apply(&p, true)
	}
	r.find(&Point{Endpoint: "host", Metric: "0 not applied"})
	keys := func(prefix string, limit int) ([]string, bool) {
		found, more := r.list(prefix, limit)
		var keys []string
		for _, s := range found {
			keys = append(keys, s.Key)
		}
		return keys, more
	}
	got, more := keys("host/", 3)
	require.Equal(t, []string{"host/a", "host/b", "host/c"}, got)
	require.True(t, more)
	got, more = keys("host/d", 3)
	require.Equal(t, []string{"host/d"}, got)
	require.False(t, more)
}

func BenchmarkTake(b *testing.B) {
	s, err := NewJudge("127.0.0.1:0", Options{})
	require.NoError(b, err)
	defer s.Close()
	points := make([]Point, 200)
	for i := range points {
		points[i] = Point{
			Endpoint: "host-0123", Metric: "cpu.idle." + string(rune('a'+i)), Tags: map[string]string{"cpu": "1", "site": "x"},
		}
	}
	ts := int64(0)
	for b.Loop() {
		ts++
		for i := range points {
			points[i].Timestamp = ts
		}
		require.NoError(b, s.take(points))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(points)), "ns/point")
}

// A real graph may apply calls that come within 10 ms in either order.
func TestPointsThatComeTooSoon(t *testing.T) {
	const ms = time.Millisecond
	type point struct {
		after     time.Duration // points of one call come at the same instant
		timestamp int64
		arrival   arrival
		soon      bool
	}
	for name, points := range map[string][]point{
		"one call":    {{0, 1, inOrder, false}, {0, 2, inOrder, false}},
		"at ease":     {{0, 1, inOrder, false}, {11 * ms, 2, inOrder, false}, {22 * ms, 3, inOrder, false}},
		"at once":     {{0, 1, inOrder, false}, {3 * ms, 2, inOrder, true}, {14 * ms, 3, inOrder, false}, {23 * ms, 4, inOrder, true}},
		"older ones":  {{0, 2, inOrder, false}, {3 * ms, 1, late, true}},
		"repeated":    {{0, 1, inOrder, false}, {3 * ms, 1, repeated, false}, {11 * ms, 2, inOrder, false}},
		"more of it":  {{0, 1, inOrder, false}, {0, 2, inOrder, false}, {3 * ms, 1, repeated, false}, {3 * ms, 2, repeated, false}, {3 * ms, 3, inOrder, false}},
		"its end":     {{0, 1, inOrder, false}, {0, 2, inOrder, false}, {3 * ms, 2, repeated, false}, {3 * ms, 3, inOrder, true}},
		"then others": {{0, 1, inOrder, false}, {3 * ms, 1, repeated, false}, {3 * ms, 2, inOrder, false}, {6 * ms, 2, repeated, false}, {6 * ms, 3, inOrder, true}},
	} {
		t.Run(name, func(t *testing.T) {
			var s series
			start := time.Now()
			for i, p := range points {
				require.Equal(t, p.soon, s.soon(start.Add(p.after), p.timestamp, p.arrival), "point %d", i)
			}
		})
	}
}
