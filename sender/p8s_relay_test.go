package sender

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g/metric"
)

// plainP8sItem is section 3 of the wire formats in plain words.
func plainP8sItem(p *metric.Point, minStep int64) *P8sItem {
	step := max(p.Step, minStep)
	value, err := strconv.ParseFloat(fmt.Sprintf("%.3f", p.Value), 64)
	if err != nil {
		panic(err)
	}
	if value == 0 {
		value = 0 // gob has no -0
	}
	return &P8sItem{
		Endpoint: p.Endpoint, Metric: p.Metric, Tags: tagMap(p.Tags), Value: value,
		Timestamp: p.Timestamp - p.Timestamp%step, MetricType: p.Type.String(), Step: int(step),
	}
}

func TestP8sRelayGetsPlainItems(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	points := append(oddPoints(), randomPoints(3, 3000)...)
	var want []*P8sItem
	for i := range points {
		if points[i].Type != metric.Derive {
			want = append(want, plainP8sItem(&points[i], 30))
		}
	}
	require.Equal(t, want, delivered[P8sItem](t, "p8s_relay", "P8sRelay", points, 30))
}

func TestP8sRelayWants(t *testing.T) {
	s := section("p8s_relay", "h:8080")
	s.NotSyncMetrics = []string{"proc.", "", "df"}
	p := build(t, "p8s_relay", s, 30)
	require.Zero(t, p.Rules)
	for _, test := range []struct {
		metric string
		kind   metric.CounterType
		want   bool
	}{
		{"cpu.idle", metric.Gauge, true},
		{"cpu.idle", metric.Counter, true},
		{"cpu.idle", metric.Derive, false},
		{"proc.num", metric.Gauge, false},
		{"proc", metric.Gauge, true},
		{"df.bytes", metric.Counter, false},
	} {
		point := point("host", test.metric, "", 1)
		point.Type = test.kind
		require.Equal(t, test.want, p.Wants(&point), "%+v", test)
	}
}

func TestThreeDecimals(t *testing.T) {
	for _, v := range []float64{0, 1, 0.0005, 0.0015, 2.0005, -0.0004, 1234567.8915, 1 << 51, 1<<52 - 0.5, 1 << 52, 1e300, -1e300, math.MaxFloat64, 5e-324} {
		want, err := strconv.ParseFloat(fmt.Sprintf("%.3f", v), 64)
		require.NoError(t, err)
		require.Equal(t, want, threeDecimals(v), "%v", v)
		require.False(t, strings.Contains(fmt.Sprint(threeDecimals(v)), "NaN"))
	}
}
