package sender

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
)

// builtBackend is a backend with a name for its kind and protocol.
type builtBackend struct {
	Backend
	name string
}

// allBackends returns a backend of each kind, and of each protocol where there are
// several.
func allBackends(t testing.TB) []builtBackend {
	var all []builtBackend
	for _, k := range kinds() {
		s := section(k.name, "127.0.0.1:1")
		if k.name == "influxdb" {
			s.Address = "http://127.0.0.1:1"
		}
		all = append(all, builtBackend{build(t, k.name, s, 30).Backend, k.name})
		if k.name == "tsdb" {
			s.Protocol = "http"
			all = append(all, builtBackend{build(t, k.name, s, 30).Backend, "tsdb http"})
		}
	}
	return all
}

// encodesInTwoSteps checks that the two steps give what one gives; that the first
// looks at the series only and the second not at its names; and that both append.
func encodesInTwoSteps(t *testing.T, backends []builtBackend, p *metric.Point) {
	t.Helper()
	plain := inOneStep()
	before := []byte("before")
	other := *p
	other.Value, other.Timestamp = 1-p.Value, 1700000000
	sample := metric.Point{Value: p.Value, Timestamp: p.Timestamp, Step: p.Step, Type: p.Type}
	asSent := sample
	if number := strconv.FormatFloat(p.Value, 'f', -1, 64); number == oneNumber(p.Value) {
		asSent.Sample = fmt.Sprintf("%d %s", p.Timestamp, number)
	}
	for _, b := range backends {
		series, prefixed := b.AppendSeries(nil, p), b.AppendSeries(bytes.Clone(before), &other)
		require.Equal(t, append(before, series...), prefixed, b.name)
		kept := bytes.Clone(series)
		item := b.AppendItem(bytes.Clone(before), series, &sample)
		want := append(bytes.Clone(before), plain[b.name](p)...)
		if !bytes.Equal(want, item) { // the message takes its time to make
			require.Equal(t, string(want), string(item), b.name)
		}
		require.Equal(t, item, b.AppendItem(bytes.Clone(before), series, &asSent), b.name)
		require.Equal(t, kept, series, "%s: the series may be used again", b.name)
	}
}

func TestItemsInTwoSteps(t *testing.T) {
	backends := allBackends(t)
	points := append(oddPoints(), randomPoints(7, 2000)...)
	for _, size := range []int{127, 128, 255, 256, 65_535, 65_536, 70_000} {
		points = append(points, point(strings.Repeat("e", size), strings.Repeat("m", min(size, 400)), "k="+strings.Repeat("v", min(size, 100)), 1))
	}
	for _, value := range []float64{0, math.Copysign(0, -1), 2, 1.5} {
		for _, timestamp := range []int64{1, 29, 30, 63, 64, 1 << 32, 1 << 62} {
			p := point("host", "cpu", "k=v", value)
			p.Timestamp = timestamp
			points = append(points, p)
		}
	}
	for i := range points {
		encodesInTwoSteps(t, backends, &points[i])
	}
}

func FuzzItemsInTwoSteps(f *testing.F) {
	for _, p := range oddPoints() {
		f.Add(p.Endpoint, p.Metric, "k=v\n,=,A=x y,a=\\", p.Value, p.Timestamp, p.Step, uint8(p.Type))
	}
	backends := allBackends(f)
	f.Fuzz(func(t *testing.T, endpoint, name, tags string, value float64, timestamp, step int64, kind uint8) {
		if math.IsNaN(value) || math.IsInf(value, 0) || timestamp <= 0 || step <= 0 {
			t.Skip("refused by the validation")
		}
		encodesInTwoSteps(t, backends, &metric.Point{
			Endpoint: endpoint, Metric: name, Tags: metric.ParseTags(tags), Value: value,
			Timestamp: timestamp, Step: step, Type: metric.Gauge + metric.CounterType(kind%3),
		})
	})
}

func BenchmarkAppendItem(b *testing.B) {
	p := point("host-01.example.com", "net.if.in.bytes", "iface=eth0,module=net", 1234.5)
	for _, backend := range allBackends(b) {
		dst, series := make([]byte, 0, 4096), make([]byte, 0, 4096)
		b.Run(backend.name+"/series", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				series = backend.AppendSeries(series[:0], &p)
			}
		})
		b.Run(backend.name+"/item", func(b *testing.B) {
			series = backend.AppendSeries(series[:0], &p)
			b.ReportAllocs()
			for b.Loop() {
				dst = backend.AppendItem(dst[:0], series, &p)
			}
		})
	}
}
