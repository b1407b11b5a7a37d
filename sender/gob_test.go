package sender

import (
	"bytes"
	"encoding/gob"
	"math"
	"net/rpc"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
	"transfer/sender/queue"
)

func TestGobIntegers(t *testing.T) {
	for _, v := range []int64{0, 1, -1, 63, 64, -64, -65, 127, 128, 255, 256, 1 << 40, math.MaxInt64, math.MinInt64} {
		var stock bytes.Buffer
		require.NoError(t, gob.NewEncoder(&stock).Encode(v))
		written := appendGobInt(nil, v)
		require.True(t, bytes.HasSuffix(stock.Bytes(), written), "%d is % x in % x", v, written, stock.Bytes())
		read, n := readGobUint(written)
		require.Equal(t, len(written), n)
		require.Equal(t, v, int64(read>>1)^-int64(read&1))
	}
	for _, broken := range [][]byte{nil, {0xff}, {0x80}, {0xf7, 1, 2, 3, 4, 5, 6, 7, 8, 9}} {
		_, n := readGobUint(broken)
		require.Zero(t, n, "% x", broken)
	}
}

// gobItems decodes a request as a net/rpc server does.
func gobItems[Item any](t testing.TB, s *gobService, b *queue.Block) []*Item {
	t.Helper()
	stream := bytes.Clone(s.descriptors)
	stream = s.appendRequest(stream, 300, b.Len(), len(b.Payload))
	stream = append(stream, b.Payload...)
	decoder := gob.NewDecoder(bytes.NewReader(stream))
	var request rpc.Request
	require.NoError(t, decoder.Decode(&request))
	require.Equal(t, s.method, request.ServiceMethod)
	require.EqualValues(t, 300, request.Seq)
	var items []*Item
	require.NoError(t, decoder.Decode(&items))
	return items
}

// The stock encoder and ours write the same bytes wherever gob leaves no choice:
// for points with one tag at most.
func TestGobItemsEqualTheStockEncoding(t *testing.T) {
	p := build(t, "graph", section("graph", "127.0.0.1:1"), 30)
	b := p.Backend.(*graph)
	for _, points := range [][]metric.Point{
		{point("host", "cpu", "", 0)},
		{point("host", "cpu", "k=v", 1.5), point("h", "m", "", 1e300)},
	} {
		items := make([]*GraphItem, 0, len(points))
		for i := range points {
			items = append(items, plainGraphItem(&points[i], 30))
		}
		var stock bytes.Buffer
		encoder := gob.NewEncoder(&stock)
		require.NoError(t, encoder.Encode(rpc.Request{ServiceMethod: "Graph.Send", Seq: 1}))
		require.NoError(t, encoder.Encode(items))

		block := blockOf(b, points)
		ours := b.appendRequest(nil, 1, block.Len(), len(block.Payload))
		ours = append(ours, block.Payload...)
		// The stock encoder writes descriptors before each message, ours before both.
		body := ours[int(ours[0])+1:]
		require.True(t, bytes.HasSuffix(stock.Bytes(), body))
		require.Equal(t, stock.Len(), len(ours)+len(b.descriptors))
	}
}

func FuzzGobItem(f *testing.F) {
	for _, p := range oddPoints() {
		tags := ""
		if len(p.Tags) > 0 {
			tags = p.Tags[0].Key + "=" + p.Tags[0].Value
		}
		f.Add(p.Endpoint, p.Metric, tags, p.Value, p.Timestamp, p.Step, uint8(p.Type))
	}
	judges := build(f, "judge", section("judge", "127.0.0.1:1"), 30).Backend.(*judge)
	graphs := build(f, "graph", section("graph", "127.0.0.1:1"), 30).Backend.(*graph)
	relays := build(f, "p8s_relay", section("p8s_relay", "127.0.0.1:1"), 30).Backend.(*p8sRelay)
	f.Fuzz(func(t *testing.T, endpoint, name, tags string, value float64, timestamp, step int64, kind uint8) {
		if math.IsNaN(value) || math.IsInf(value, 0) || timestamp <= 0 || step <= 0 {
			t.Skip("refused by the validation")
		}
		p := metric.Point{
			Endpoint: endpoint, Metric: name, Tags: metric.ParseTags(tags), Value: value,
			Timestamp: timestamp, Step: step, Type: metric.Gauge + metric.CounterType(kind%3),
		}
		points := []metric.Point{p, p}
		want := plainJudgeItem(&p, 30)
		require.Equal(t, []*JudgeItem{want, want}, gobItems[JudgeItem](t, &judges.gobService, blockOf(judges, points)))
		wantGraph := plainGraphItem(&p, 30)
		require.Equal(t, []*GraphItem{wantGraph, wantGraph}, gobItems[GraphItem](t, &graphs.gobService, blockOf(graphs, points)))
		wantP8s := plainP8sItem(&p, 30)
		require.Equal(t, []*P8sItem{wantP8s, wantP8s}, gobItems[P8sItem](t, &relays.gobService, blockOf(relays, points)))
	})
}
