package journal

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
)

// usualPoints are those of an agent's request.
func usualPoints() []metric.Point {
	points := make([]metric.Point, 200)
	for i := range points {
		points[i] = metric.Point{
			Endpoint: "host-1051.example", Metric: fmt.Sprintf("cpu.core.%d", i),
			RawTags: []string{"", "core=6,idc=bj7", "mount=/,fstype=ext4"}[i%3],
			Value:   97.5, Timestamp: 1_795_235_956, Step: 60, Type: metric.Gauge,
		}
	}
	return points
}

func BenchmarkRecord(b *testing.B) {
	r, points := NewRecord(), usualPoints()
	b.ReportAllocs()
	for b.Loop() {
		r.Begin(start)
		r.Add(points)
	}
	b.SetBytes(int64(len(r.payload)))
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(points)), "ns/point")
}

func BenchmarkDecode(b *testing.B) {
	r, points := NewRecord(), usualPoints()
	r.Begin(start)
	r.Add(points)
	batch := &metric.Batch{}
	b.ReportAllocs()
	for b.Loop() {
		batch.Reset()
		if _, err := decode(r.payload, uint32(len(points)), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(points)), "ns/point")
}

// BenchmarkAppend is what a point costs in all, written to the system.
func BenchmarkAppend(b *testing.B) {
	j, err := Open(b.TempDir(), Options{Now: time.Now})
	require.NoError(b, err)
	defer func() { require.NoError(b, j.Close()) }()
	r, points := NewRecord(), usualPoints()
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		r.Begin(start)
		r.Add(points)
		first, err := j.Append(r)
		if err != nil {
			b.Fatal(err)
		}
		j.Done(first)
		if n%100 == 0 {
			if err := j.Release(first); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(points)), "ns/point")
}
