package pipeline

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"
	"time"

	"transfer/g/metric"
	"transfer/g/stat"
	"transfer/sender/queue"
	"transfer/sender/ring"
)

// drain is a Backend that encodes as much as a real one and forgets it.
type drain struct{ hash ring.Hash }

func (d drain) Wants(*metric.Point) bool  { return true }
func (d drain) Hash() ring.Hash           { return d.hash }
func (d drain) Slot(uint32) int32         { return 0 }
func (d drain) Put(*queue.Block, []int32) {}

func (d drain) AppendSeries(dst []byte, p *metric.Point) []byte {
	return metric.AppendKey(dst, p.Endpoint, p.Metric, p.Tags)
}

func (d drain) AppendItem(dst, series []byte, p *metric.Point) []byte {
	return binary.BigEndian.AppendUint64(append(dst, series...), math.Float64bits(p.Value))
}

// request returns what an agent sends at once.
func request() []metric.Point {
	points := make([]metric.Point, 200)
	for i := range points {
		points[i] = good()
		points[i].Metric = fmt.Sprintf("cpu.core.%d", i)
		points[i].RawTags = []string{"", "core=6,idc=bj7", "mount=/,fstype=ext4"}[i%3]
		points[i].Timestamp = int64(i%2) * start // half of them by default
	}
	return points
}

// drained returns the way into a pipeline with two backends, the second with a
// ring of this hash, and a cache for so many series.
func drained(hash ring.Hash, series int) *Inlet {
	p := New([]Backend{drain{}, drain{hash: hash}}, Cache{Series: series, Bytes: 1 << 30}, time.Now)
	p.Open()
	return p.Inlet(stat.NewReceiver("bench", metric.Reasons()))
}

func BenchmarkAccept(b *testing.B) {
	for _, c := range []struct {
		name   string
		hash   ring.Hash
		series int
	}{
		{"remembered", ring.CRC32, 1000},
		{"anew", ring.CRC32, 0},
		{"anew murmur3", ring.Murmur3, 0},
		{"full cache", ring.CRC32, 1},
	} {
		b.Run(c.name, func(b *testing.B) {
			in, points, batch := drained(c.hash, c.series), request(), &metric.Batch{}
			b.ReportAllocs()
			for b.Loop() {
				batch.Reset()
				batch.Points = append(batch.Points, points...)
				_, _ = in.Accept(batch)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(points)), "ns/point")
		})
	}
}
