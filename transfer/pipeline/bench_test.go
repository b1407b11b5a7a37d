package pipeline

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
	"transfer/g/stat"
	"transfer/sender/queue"
	"transfer/sender/ring"
	"transfer/transfer/pipeline/journal"
)

// drain is a Backend that encodes as much as a real one and forgets it.
type drain struct{ hash ring.Hash }

func (d drain) Wants(*metric.Point) bool  { return true }
func (d drain) Hash() ring.Hash           { return d.hash }
func (d drain) Slot(uint32) int32         { return 0 }
func (d drain) Put(*queue.Block, []int32) {}
func (d drain) FewSlots() int             { return 0 }
func (d drain) PutSlot(*queue.Block, int) {}

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
func drained(hash ring.Hash, series int, to Durability) *Inlet {
	p := New([]Backend{drain{}, drain{hash: hash}}, Cache{Series: series, Bytes: 1 << 30}, to, time.Now)
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
			in, points, batch := drained(c.hash, c.series, Durability{}), request(), &metric.Batch{}
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

// BenchmarkAcceptDurably is BenchmarkAccept's "remembered" with and without a journal:
// one client, and many on all processors, whose requests share writes.
func BenchmarkAcceptDurably(b *testing.B) {
	for _, c := range []struct {
		name    string
		kept    bool
		clients int
	}{{"memory", false, 1}, {"journal", true, 1}, {"memory of many", false, 16}, {"journal of many", true, 16}} {
		b.Run(c.name, func(b *testing.B) {
			var to Durability
			if c.kept {
				j, err := journal.Open(b.TempDir(), journal.Options{})
				require.NoError(b, err)
				defer func() { require.NoError(b, j.Close()) }()
				to.Journal = releasing{j}
			}
			in, points := drained(ring.CRC32, 1000, to), request()
			push := func(more func() bool) {
				batch := &metric.Batch{}
				for more() {
					batch.Reset()
					batch.Points = append(batch.Points, points...)
					if _, err := in.Accept(batch); err != nil {
						b.Error(err)
					}
				}
			}
			b.ReportAllocs()
			if c.clients == 1 {
				push(b.Loop)
			} else {
				b.SetParallelism(c.clients)
				b.RunParallel(func(pb *testing.PB) { push(pb.Next) })
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(points)), "ns/point")
		})
	}
}

// releasing is a journal whose points are all delivered at once.
type releasing struct{ *journal.Journal }

func (j releasing) Done(first uint64) {
	j.Journal.Done(first)
	if first%(1<<16) < 200 {
		_ = j.Release(first)
	}
}

// forgetful is a Replayer that forgets.
type forgetful struct{}

func (forgetful) Route([]byte)                       {}
func (forgetful) Put(int, *queue.Block, []int32)     {}
func (forgetful) HasRoom() bool                      { return true }
func (forgetful) Wants(int) func(*metric.Point) bool { return nil }

// BenchmarkReplay is what a start takes for each point that the journal holds, before
// it is put.
func BenchmarkReplay(b *testing.B) {
	const requests = 1000
	j, err := journal.Open(b.TempDir(), journal.Options{})
	require.NoError(b, err)
	defer func() { require.NoError(b, j.Close()) }()
	in, points := drained(ring.CRC32, 1000, Durability{Journal: j}), request()
	for range requests {
		_, err := in.Accept(batch(points...))
		require.NoError(b, err)
	}
	for b.Loop() {
		_, _, err := in.pipeline.Replay(context.Background(), 0, j, forgetful{})
		require.NoError(b, err)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(requests*len(points)), "ns/point")
	b.ReportMetric(float64(j.Bytes())/float64(requests*len(points)), "bytes/point")
}
