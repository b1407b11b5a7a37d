package pipeline

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
	"transfer/g/stat"
	"transfer/sender/ring"
)

func TestAcceptHandsOnWhatItTook(t *testing.T) {
	crc, murmur := &sink{}, &sink{hash: ring.Murmur3, prefix: "cpu"}
	_, in, counts := newInlet(crc, murmur)

	other := metric.Point{Endpoint: "e", Metric: "df", Value: 1, Step: 10, Type: metric.Derive}
	spoilt := good()
	spoilt.Step = 0
	b := batch(good(), spoilt, other, metric.Point{Refused: metric.NotObject})
	invalid, err := in.Accept(b)
	require.NoError(t, err)
	require.Equal(t, 2, invalid)

	first, key := good(), "host-1051.example/cpu.idle/core=6,idc=bj7"
	first.Tags = []metric.Tag{{Key: "core", Value: "6"}, {Key: "idc", Value: "bj7"}}
	other.Timestamp = start // by default

	require.Len(t, crc.blocks, 1)
	got := crc.blocks[0]
	require.Equal(t, item(&first)+item(&other), string(got.Payload))
	require.Equal(t, item(&other), string(got.Item(1)))
	require.Equal(t, ring.CRC32.Sum(key), got.Items[0].Hash)
	require.Equal(t, ring.CRC32.Sum("e/df"), got.Items[1].Hash)
	require.Equal(t, []uint64{1, 2}, []uint64{got.First, got.Last})
	require.Equal(t, time.Unix(start, 0), got.Accepted)

	require.Len(t, murmur.blocks, 1)
	got = murmur.blocks[0]
	require.Equal(t, item(&first), string(got.Payload))
	require.Equal(t, ring.Murmur3.Sum(key), got.Items[0].Hash)
	require.Equal(t, []uint64{1, 2}, []uint64{got.First, got.Last}, "the whole batch's")

	require.Equal(t, uint64(2), counts.Accepted.Load())
	require.Equal(t, map[string]uint64{"step": 1, "not_object": 1}, counts.Refused.NonZero())

	accept(t, in, other)
	require.Equal(t, uint64(3), crc.blocks[1].First)
	require.Len(t, murmur.blocks, 1, "nothing to put")
}

// What a line leaves open makes no difference: the counter in one piece, and the text
// of timestamp and value, which goes where the timestamp does.
func TestAcceptOfLines(t *testing.T) {
	parted := good()
	early := good()
	early.Timestamp, early.Metric, early.RawTags = 0, "m", ""
	var points []metric.Point
	for _, p := range []metric.Point{parted, early} {
		if p.RawTags != "" {
			p.Metric, p.RawTags = p.Metric+"/"+p.RawTags, ""
		}
		p.Joined, p.Sample = true, fmt.Sprint(p.Timestamp, " ", p.Value)
		points = append(points, p)
	}
	want, got := &sink{}, &sink{}
	_, in, _ := newInlet(want)
	accept(t, in, parted, early)
	p, in, _ := newInlet(got)
	for range 2 { // anew, and remembered
		b := batch(slices.Clone(points)...)
		_, err := in.Accept(b)
		require.NoError(t, err)
		require.Equal(t, points[0].Sample, b.Points[0].Sample)
		require.Empty(t, b.Points[1].Sample)
	}
	for _, block := range got.blocks {
		require.Equal(t, string(want.blocks[0].Payload), string(block.Payload))
		require.Equal(t, want.blocks[0].Items, block.Items)
	}
	require.Empty(t, p.Trace(parted.Endpoint, parted.Metric, parted.RawTags))
	_, err := in.Accept(batch(slices.Clone(points)...))
	require.NoError(t, err)
	traced := p.Trace(parted.Endpoint, parted.Metric, parted.RawTags)
	require.Len(t, traced, 1)
	require.Equal(t, parted.Metric, traced[0].Metric)
	require.Equal(t, map[string]string{"core": "6", "idc": "bj7"}, traced[0].Tags)
}

func TestAcceptOfNothing(t *testing.T) {
	s := &sink{}
	_, in, counts := newInlet(s)
	accept(t, in)
	invalid, err := in.Accept(batch(metric.Point{}, metric.Point{}))
	require.NoError(t, err)
	require.Equal(t, 2, invalid)
	require.Empty(t, s.blocks)
	require.Equal(t, map[string]uint64{"endpoint_empty": 2}, counts.Refused.NonZero())

	_, in, counts = newInlet()
	accept(t, in, good())
	require.Equal(t, uint64(1), counts.Accepted.Load(), "also without any backend")
}

// randomPoint returns a point that is invalid about every third time, and whose
// Endpoint is id.
func randomPoint(r *rand.Rand, id string) metric.Point {
	p := good()
	p.Endpoint = id
	p.Metric = []string{"cpu.idle", "cpu.busy", "df.free", "mem", ""}[r.IntN(5)]
	p.RawTags = []string{"", "b=1,a=2", "a = 1", "a=1,a=2", "nonsense"}[r.IntN(5)]
	p.Type = metric.CounterType(r.IntN(4))
	p.Timestamp = []int64{0, -1, start, 2*start + 1, 1000}[r.IntN(5)]
	if r.IntN(20) == 0 {
		p.Value = math.NaN()
	}
	if r.IntN(20) == 0 {
		p.Refused = metric.BadTags
	}
	return p
}

// Every point is accepted or refused, and every backend gets each accepted point
// that it wants exactly once: its own bytes and hash, in the order of acceptance,
// in a Block that names its sequence numbers. Several clients at once.
func TestConservation(t *testing.T) {
	const clients, batches = 4, 50
	sinks := []*sink{{}, {hash: ring.Murmur3}, {prefix: "cpu"}, {hash: ring.Murmur3, prefix: "none such"}}
	p := New([]Backend{sinks[0], sinks[1], sinks[2], sinks[3]}, Cache{}, Durability{}, time.Now)
	p.Open()
	counts := stat.NewReceiver("test", metric.Reasons())

	type outcome struct {
		total, invalid int
		points         []metric.Point // as they came back from Accept, valid ones only
	}
	outcomes := make([]outcome, clients)
	var group sync.WaitGroup
	for client := range clients {
		group.Go(func() {
			in, r := p.Inlet(counts), rand.New(rand.NewPCG(1, uint64(client)))
			o := &outcomes[client]
			for n := range batches {
				b := &metric.Batch{} // not reused: the points are looked at in the end
				for i := range r.IntN(30) {
					*b.Add() = randomPoint(r, fmt.Sprintf("%d-%d-%d", client, n, i))
				}
				invalid, err := in.Accept(b)
				if err != nil {
					t.Error(err)
				}
				o.total += len(b.Points)
				o.invalid += invalid
				for _, point := range b.Points {
					if point.Refused == metric.Accepted {
						o.points = append(o.points, point)
					}
				}
			}
		})
	}
	group.Wait()
	p.Close()

	total, invalid, accepted := 0, 0, 0
	for _, o := range outcomes {
		require.Len(t, o.points, o.total-o.invalid)
		total, invalid, accepted = total+o.total, invalid+o.invalid, accepted+len(o.points)
	}
	require.NotZero(t, accepted)
	require.NotZero(t, invalid)
	require.Equal(t, uint64(accepted), counts.Accepted.Load())
	refused := uint64(0)
	for _, n := range counts.Refused.NonZero() {
		refused += n
	}
	require.Equal(t, uint64(invalid), refused)
	require.Equal(t, total, accepted+int(refused))

	for _, s := range sinks {
		wanted := map[string][]metric.Point{} // by client
		for client, o := range outcomes {
			for _, point := range o.points {
				if s.Wants(&point) {
					wanted[fmt.Sprint(client)] = append(wanted[fmt.Sprint(client)], point)
				}
			}
		}
		for _, b := range s.blocks {
			require.NotZero(t, b.Len())
			require.GreaterOrEqual(t, b.Last-b.First+1, uint64(b.Len()))
			for i := range b.Items {
				client := string(b.Item(i)[:1])
				require.NotEmpty(t, wanted[client])
				want := wanted[client][0]
				wanted[client] = wanted[client][1:]
				require.Equal(t, item(&want), string(b.Item(i)))
				require.Equal(t, s.hash.Sum(want.Key), b.Items[i].Hash)
			}
		}
		for _, rest := range wanted {
			require.Empty(t, rest)
		}
	}
	// The first sink wants all, so its Blocks number every accepted point once.
	named := make([]bool, accepted+1)
	for _, b := range sinks[0].blocks {
		require.Equal(t, uint64(b.Len()), b.Last-b.First+1)
		for n := b.First; n <= b.Last; n++ {
			require.False(t, named[n])
			named[n] = true
		}
	}
	require.NotContains(t, named[1:], false)
}
