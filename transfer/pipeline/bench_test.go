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

func (d drain) Wants(*metric.Point) bool { return true }
func (d drain) Hash() ring.Hash          { return d.hash }
func (d drain) Put(*queue.Block)         {}

func (d drain) AppendSeries(dst []byte, _ *metric.Point) []byte { return dst }
func (d drain) AppendItem(dst, _ []byte, p *metric.Point) []byte {
	dst = append(dst, p.Endpoint...)
	dst = append(dst, p.Metric...)
	for _, t := range p.Tags {
		dst = append(dst, t.Key...)
		dst = append(dst, t.Value...)
	}
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(p.Value))
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
// ring of this hash.
func drained(hash ring.Hash) *Inlet {
	p := New([]Backend{drain{}, drain{hash: hash}}, time.Now)
	p.Open()
	return p.Inlet(stat.NewReceiver("bench", metric.Reasons()))
}

func BenchmarkAccept(b *testing.B) {
	for _, hash := range []ring.Hash{ring.CRC32, ring.Murmur3} {
		b.Run(hash.String(), func(b *testing.B) {
			in, points, batch := drained(hash), request(), &metric.Batch{}
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
