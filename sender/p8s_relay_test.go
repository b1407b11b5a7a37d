package sender

import (
	"fmt"
	"math"
	"strconv"
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
	require.Equal(t, Rules{Encoding: "p8s_relay/1"}, p.Rules)
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

// plainThreeDecimals is threeDecimals in plain words.
func plainThreeDecimals(t testing.TB, v float64) float64 {
	rounded, err := strconv.ParseFloat(fmt.Sprintf("%.3f", v), 64)
	require.NoError(t, err)
	return rounded
}

func FuzzThreeDecimals(f *testing.F) {
	for _, v := range []float64{
		0, math.Copysign(0, -1), 1, 0.0005, 0.0015, 0.0625, 0.1875, 2.0005, 1.0005, -0.0004, 1234567.8915, 0.4995, 4398046511103.9995,
		1 << 42, 1<<42 - 1.0/2048, 1<<42 + 1.0/1024, 1 << 51, 1<<52 - 0.5, 1 << 52, 1e300, -1e300, math.MaxFloat64, 5e-324,
	} {
		f.Add(v, int64(v))
	}
	f.Fuzz(func(t *testing.T, v float64, thousandths int64) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Skip("refused by the validation")
		}
		half := (float64(thousandths%1e13) + 0.5) / 1000 // nearly half of what is kept
		for _, v := range []float64{v, -v, half, -half, math.Nextafter(half, 0), math.Nextafter(half, math.Inf(1))} {
			want, got := plainThreeDecimals(t, v), threeDecimals(v)
			require.Equal(t, math.Float64bits(want), math.Float64bits(got), "%v: %v, not %v", v, got, want)
		}
	})
}

// Every multiple of 1/16384 is exact, and so are the halves among them.
func TestThreeDecimalsOfExactHalves(t *testing.T) {
	for n := range 1 << 15 {
		v := float64(n) / (1 << 14)
		if want, got := plainThreeDecimals(t, v), threeDecimals(v); want != got {
			require.Equal(t, want, got, "%v", v)
		}
	}
}
