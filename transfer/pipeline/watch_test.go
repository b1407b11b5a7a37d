package pipeline

import (
	"strings"
	"testing"

	jsoniter "github.com/json-iterator/go"
	"github.com/stretchr/testify/require"

	"transfer/g/metric"
)

// values returns the points' values.
func values(points []metric.Traced) []float64 {
	list := make([]float64, len(points))
	for i, p := range points {
		list[i] = p.Value
	}
	return list
}

// of returns valid points of the series e/m with these tags.
func of(tags string, vs ...float64) []metric.Point {
	points := make([]metric.Point, len(vs))
	for i, v := range vs {
		points[i] = metric.Point{Endpoint: "e", Metric: "m", RawTags: tags, Value: v, Step: 10, Type: metric.Gauge}
	}
	return points
}

func TestTrace(t *testing.T) {
	p, in, _ := newInlet()
	accept(t, in, of("", 1)...)
	require.Equal(t, []metric.Traced{}, p.Trace("e", "m", ""), "the first request arms")
	require.Equal(t, []metric.Traced{}, p.Trace("e", "m", ""))

	accept(t, in, of("", 2, 3)...)
	accept(t, in, of("a=1", 100)...)
	require.Equal(t, []float64{3, 2}, values(p.Trace("e", "m", "")))
	accept(t, in, of("", 4)...)
	accept(t, in, of("", 5)...)
	require.Equal(t, []float64{5, 4, 3}, values(p.Trace("e", "m", "")), "the last 3, newest first")

	require.Empty(t, p.Trace("e", "m", "b=2,a=1"), "another series clears the list")
	accept(t, in, of("", 6)...)
	accept(t, in, of("a=1, b=2", 7)...)
	require.Equal(t, []float64{7}, values(p.Trace("e", "m", "a=1,b=2")), "tags in any order")
	require.Empty(t, p.Trace("e", "m", ""), "and so does coming back")
}

// Refused points are not seen, whatever they look like.
func TestTraceSeesAcceptedPointsOnly(t *testing.T) {
	p, in, _ := newInlet()
	p.Trace("e", "m", "")
	spoilt := of("", 1)
	spoilt[0].Step = 0
	_, err := in.Accept(batch(spoilt...))
	require.NoError(t, err)
	require.Empty(t, p.Trace("e", "m", ""))
}

// What is shown is a copy: of the point as accepted, and of what lies under it.
func TestTracedIsACopy(t *testing.T) {
	p, in, _ := newInlet(&sink{prefix: "no backend wants it"})
	p.Trace("e", "m", "k=v")
	_, err := p.Filter("e", "m", "gt", "0", "k=v")
	require.NoError(t, err)

	b := &metric.Batch{}
	point := b.Add()
	*point = of("", 1.5)[0]
	point.Endpoint, point.Metric, point.RawTags = b.Text([]byte("e")), b.Text([]byte("m")), b.Text([]byte("k = v"))
	_, err = in.Accept(b)
	require.NoError(t, err)
	b.Reset()
	b.Text([]byte(strings.Repeat("#", 100)))

	want := []metric.Traced{{
		Metric: "m", Endpoint: "e", Timestamp: start, Step: 10, Value: 1.5, CounterType: "GAUGE",
		Tags: map[string]string{"k": "v"},
	}}
	require.Equal(t, want, p.Trace("e", "m", "k=v"))
	filtered, err := p.Filter("e", "m", "gt", "0", "k=v")
	require.NoError(t, err)
	require.Equal(t, want, filtered)

	text, err := jsoniter.MarshalToString(want[0])
	require.NoError(t, err)
	require.Equal(t, `{"metric":"m","endpoint":"e","timestamp":1795235956,"step":10,"value":1.5,"counterType":"GAUGE","tags":{"k":"v"}}`, text)
}

func TestTracedTagsAreNeverNil(t *testing.T) {
	p, in, _ := newInlet()
	p.Trace("e", "m", "")
	accept(t, in, of("", 1)...)
	require.NotNil(t, p.Trace("e", "m", "")[0].Tags)
}

func TestFilter(t *testing.T) {
	p, in, _ := newInlet()
	ask := func(op, threshold string) []float64 {
		t.Helper()
		points, err := p.Filter("e", "m", op, threshold, "a=1")
		require.NoError(t, err)
		require.NotNil(t, points)
		return values(points)
	}
	require.Empty(t, ask("gt", "5"))
	accept(t, in, of("a=1", 4, 5, 6, 7, 8, 9, 10, 11)...)
	accept(t, in, of("", 100)...)
	require.Equal(t, []float64{11, 10, 9, 8, 7}, ask("gt", "5"), "the last 5, newest first")

	require.Equal(t, []float64{11, 10, 9, 8, 7}, ask("lt", "5"), "another op applies from then on")
	accept(t, in, of("a=1", 1, 5, 9)...)
	require.Equal(t, []float64{1, 11, 10, 9, 8}, ask("lt", "1"))
	accept(t, in, of("a=1", 0.5, 1, 2)...)
	require.Equal(t, []float64{0.5, 1, 11, 10, 9}, ask("lt", "1"), "and so does another threshold")

	other, err := p.Filter("e", "m", "lt", "1", "")
	require.NoError(t, err)
	require.Empty(t, other, "another series clears the list")
	require.Empty(t, ask("lt", "1"))
}

func TestFilterConditions(t *testing.T) {
	for _, c := range []struct {
		op   string
		want []float64 // of the points below, newest first
	}{
		{"eq", []float64{2.0000005, 2}},
		{"ne", []float64{2.000002, 3, 1}},
		{"gt", []float64{2.000002, 2.0000005, 3}},
		{"lt", []float64{1}},
	} {
		p, in, _ := newInlet()
		_, err := p.Filter("e", "m", c.op, "2", "")
		require.NoError(t, err)
		accept(t, in, of("", 1, 2, 3, 2.0000005, 2.000002)...)
		points, err := p.Filter("e", "m", c.op, "2", "")
		require.NoError(t, err)
		require.Equal(t, c.want, values(points), c.op)
	}
}

// A request that makes no sense is answered in the original's words and leaves
// what is watched alone.
func TestFilterRefuses(t *testing.T) {
	p, in, _ := newInlet()
	_, err := p.Filter("e", "m", "gt", "0", "")
	require.NoError(t, err)
	accept(t, in, of("", 1)...)

	_, err = p.Filter("other", "m", "ge", "1", "")
	require.EqualError(t, err, "bad opt: ge")
	for _, threshold := range []string{"", "x", "1e400", "1,5"} {
		_, err = p.Filter("other", "m", "gt", threshold, "")
		require.EqualError(t, err, "bad threadhold")
	}
	points, err := p.Filter("e", "m", "gt", "0", "")
	require.NoError(t, err)
	require.Equal(t, []float64{1}, values(points))
}
