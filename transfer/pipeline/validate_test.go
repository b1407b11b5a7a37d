package pipeline

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
)

// good returns a valid point.
func good() metric.Point {
	return metric.Point{
		Endpoint: "host-1051.example", Metric: "cpu.idle", RawTags: "core=6,idc=bj7",
		Value: 97.5, Timestamp: start - 3, Step: 60, Type: metric.Gauge,
	}
}

func TestValidate(t *testing.T) {
	long := strings.Repeat("m", metric.MaxNameBytes)
	cases := []struct {
		what   string
		change func(p *metric.Point)
		want   metric.Reason
	}{
		{"as it is", func(*metric.Point) {}, metric.Accepted},
		{"zero value", func(p *metric.Point) { p.Value = 0 }, metric.Accepted},
		{"minus zero", func(p *metric.Point) { p.Value = math.Copysign(0, -1) }, metric.Accepted},
		{"largest value", func(p *metric.Point) { p.Value = math.MaxFloat64 }, metric.Accepted},
		{"no tags", func(p *metric.Point) { p.RawTags = "" }, metric.Accepted},
		{"tags that are none", func(p *metric.Point) { p.RawTags = "nonsense" }, metric.Accepted},
		{"no timestamp", func(p *metric.Point) { p.Timestamp = 0 }, metric.Accepted},
		{"step of 1", func(p *metric.Point) { p.Step = 1 }, metric.Accepted},
		{"counter", func(p *metric.Point) { p.Type = metric.Counter }, metric.Accepted},
		{"derive", func(p *metric.Point) { p.Type = metric.Derive }, metric.Accepted},
		{"blank endpoint", func(p *metric.Point) { p.Endpoint = " " }, metric.Accepted},
		{"other kernel metric", func(p *metric.Point) { p.Metric = "kernel.hostname.x" }, metric.Accepted},
		{"just short enough", func(p *metric.Point) { p.Metric, p.RawTags = long[4:], "a= b" }, metric.Accepted},

		{"no endpoint", func(p *metric.Point) { p.Endpoint = "" }, metric.NoEndpoint},
		{"no metric", func(p *metric.Point) { p.Metric = "" }, metric.NoMetric},
		{"reserved metric", func(p *metric.Point) { p.Metric = "kernel.hostname" }, metric.ReservedMetric},
		{"no type", func(p *metric.Point) { p.Type = metric.NoType }, metric.BadType},
		{"NaN", func(p *metric.Point) { p.Value = math.NaN() }, metric.NotFinite},
		{"infinity", func(p *metric.Point) { p.Value = math.Inf(1) }, metric.NotFinite},
		{"minus infinity", func(p *metric.Point) { p.Value = math.Inf(-1) }, metric.NotFinite},
		{"step of 0", func(p *metric.Point) { p.Step = 0 }, metric.BadStep},
		{"negative step", func(p *metric.Point) { p.Step = -60 }, metric.BadStep},
		{"long metric", func(p *metric.Point) { p.Metric, p.RawTags = long+"m", "" }, metric.TooLong},
		{"tags with spaces, as sent", func(p *metric.Point) { p.Metric, p.RawTags = long[3:], "a= b" }, metric.TooLong},
	}
	for _, c := range cases {
		p := good()
		c.change(&p)
		before := p
		require.Equal(t, c.want, validate(&p), c.what)
		if c.want != metric.NotFinite { // a NaN does not equal itself
			require.Equal(t, before, p, "%s: nothing is changed", c.what)
		}
	}
}

// A joined counter is refused for what it would be refused for parted, and one that
// is left joined would not be refused.
func FuzzValidateJoined(f *testing.F) {
	for _, counter := range []string{
		"cpu.idle", "cpu.idle/core=6", "", "/", "/a=b", "//a=b", "/a=b/c=d", "kernel.hostname", "kernel.hostname/a=b", "kernel.hostname/a", "kernel.hostname.x/a=b",
		strings.Repeat("m", metric.MaxNameBytes), strings.Repeat("m", metric.MaxNameBytes-3) + "/a=b", strings.Repeat("m", metric.MaxNameBytes-2) + "/a=b",
		strings.Repeat("m", metric.MaxNameBytes-3) + "/a,b",
	} {
		f.Add(counter, int64(60), uint8(metric.Gauge), 1.5)
		f.Add(counter, int64(0), uint8(metric.NoType), math.NaN())
	}
	f.Fuzz(func(t *testing.T, counter string, step int64, kind uint8, value float64) {
		joined := metric.Point{Endpoint: "e", Metric: counter, Joined: true, Step: step, Type: metric.CounterType(kind % 4), Value: value}
		parted := joined
		parted.Part()
		if isDoubtful(counter) {
			joined.Part()
		}
		require.Equal(t, validate(&parted), validate(&joined))
		joined.Part()
		require.Equal(t, []string{parted.Metric, parted.RawTags}, []string{joined.Metric, joined.RawTags})
	})
}

// What the decoder refused stays refused for the decoder's reason, whatever the
// rest of the point looks like.
func TestValidateKeepsTheDecodersReason(t *testing.T) {
	for r := 1; r < metric.NumReasons; r++ {
		p := good()
		p.Refused = metric.Reason(r)
		require.Equal(t, p.Refused, validate(&p))
		empty := metric.Point{Refused: metric.Reason(r)}
		require.Equal(t, empty.Refused, validate(&empty))
	}
}
