package sender

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g/metric"
)

// plainGraphItem is section 3 of the wire formats in plain words.
func plainGraphItem(p *metric.Point, minStep int64) *GraphItem {
	step := max(p.Step, minStep)
	value := p.Value
	if value == 0 {
		value = 0 // gob has no -0
	}
	item := &GraphItem{
		Endpoint: p.Endpoint, Metric: p.Metric, Tags: tagMap(p.Tags), Value: value,
		Timestamp: p.Timestamp - p.Timestamp%step, Step: int(step), Heartbeat: int(2 * step),
		DsType: "DERIVE", Min: "0", Max: "U",
	}
	if p.Type == metric.Gauge {
		item.DsType, item.Min = "GAUGE", "U"
	}
	return item
}

func TestGraphGetsPlainItems(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	points := append(oddPoints(), randomPoints(2, 3000)...)
	var want []*GraphItem
	for i := range points {
		want = append(want, plainGraphItem(&points[i], 10))
	}
	require.Equal(t, want, delivered[GraphItem](t, "graph", "Graph", points, 10))
}

func TestGraphRules(t *testing.T) {
	p := build(t, "graph", section("graph", "h:6070"), 30)
	require.Equal(t, Rules{Settle: 10 * time.Millisecond, Encoding: "graph/1"}, p.Rules)
}

func TestTimestampsAlignDown(t *testing.T) {
	tests := []struct{ timestamp, step, minStep, want int64 }{
		{1700000007, 60, 30, 1699999980},
		{1700000007, 10, 30, 1699999980},
		{1700000007, 10, 0, 1699999980},
		{1700000007, 10, 1, 1700000000},
		{1700000000, 1, 1, 1700000000},
		{5, 60, 30, 0},
		{-1, 60, 30, -60},
		{-60, 60, 30, -60},
		{math.MaxUint32, 60, 30, math.MaxUint32 - math.MaxUint32%60},
		{math.MaxUint32 + 7, 10, 30, math.MaxUint32 - math.MaxUint32%30},
		{1700000007, math.MaxUint32 + 1, 30, 0},
		{math.MaxInt64, math.MaxInt64 - 1, 30, math.MaxInt64 - 1},
		{math.MaxInt64 - 1, math.MaxInt64, 30, 0},
	}
	for _, test := range tests {
		p := metric.Point{Timestamp: test.timestamp, Step: test.step}
		require.Equal(t, test.want, newPace(int(test.minStep)).timestamp(&p), "%+v", test)
	}
}
