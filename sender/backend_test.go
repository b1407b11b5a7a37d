package sender

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g"
	"transfer/g/metric"
	"transfer/sender/queue"
)

// section returns a section with one node, or with address where it has no nodes.
func section(name, address string) *g.Backend {
	return &g.Backend{
		Name:        name,
		ConnTimeout: time.Second,
		CallTimeout: 5 * time.Second,
		Nodes:       []g.Node{{Name: name + "-00", Addresses: []string{address}}},
		Address:     address,
		DB:          "falcon",
	}
}

// build makes a plan of a section that is right.
func build(t testing.TB, name string, s *g.Backend, minStep int) plan {
	t.Helper()
	for _, k := range kinds() {
		if k.name == name {
			p, err := k.build(s, minStep)
			require.NoError(t, err)
			return p
		}
	}
	require.FailNow(t, "no backend "+name)
	return plan{}
}

// itemOf encodes one point.
func itemOf(b Backend, p *metric.Point) []byte { return b.AppendItem(nil, b.AppendSeries(nil, p), p) }

// blockOf encodes points into a Block.
func blockOf(b Backend, points []metric.Point) *queue.Block {
	block := new(queue.Block)
	for i := range points {
		block.Payload = append(block.Payload, itemOf(b, &points[i])...)
		block.Close(0)
	}
	return block
}

// dial connects and closes the connection at the end of the test.
func dial(t testing.TB, b Backend, address string) Conn {
	t.Helper()
	c, err := b.Dial(context.Background(), address)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// send sends one Block and waits until it is confirmed.
func send(t testing.TB, c Conn, b *queue.Block) Receipt {
	t.Helper()
	require.NoError(t, c.Check())
	require.NoError(t, c.Send(b))
	var sum Receipt
	for deadline := time.Now().Add(10 * time.Second); sum.Blocks == 0; {
		r, err := c.Confirm()
		require.NoError(t, err)
		sum.Blocks += r.Blocks
		sum.Rejected += r.Rejected
		require.True(t, time.Now().Before(deadline), "no confirmation")
	}
	return sum
}

// serve runs a scripted peer: script gets each connection, which is closed when it
// returns. All end with the test.
func serve(t testing.TB, script func(c net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var running sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			running.Go(func() {
				defer func() { _ = c.Close() }()
				script(c)
			})
		}
	})
	t.Cleanup(func() {
		require.NoError(t, l.Close())
		mu.Lock()
		for _, c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	return l.Addr().String()
}

// point returns a valid point.
func point(endpoint, name, tags string, value float64) metric.Point {
	return metric.Point{
		Endpoint: endpoint, Metric: name, Tags: metric.ParseTags(tags), Value: value,
		Timestamp: 1700000007, Step: 60, Type: metric.Gauge,
	}
}

// oddPoints returns valid points of every odd kind.
func oddPoints() []metric.Point {
	manyTags := make([]string, 0, 100)
	for i := range 100 {
		manyTags = append(manyTags, fmt.Sprintf("t%02d=%d", i, i))
	}
	points := []metric.Point{
		point("host", "cpu.idle", "", 12.5),
		point("host", "zero", "k=v", 0),
		point("host", "minus.zero", "k=v", math.Copysign(0, -1)),
		point("host", "huge", "k=v,k2=v2", 1e300),
		point("host", "tiny", "k=v", -5e-324),
		point("host", "digits", "", 12345678901234567),
		point("host", "fraction", "", 0.12345678901234567),
		point("host", "largest", "", math.MaxFloat64),
		point("host", "many.tags", strings.Join(manyTags, ","), 7),
		point("host", "empty", "=v,k=,=", 1),
		point("a host", "a metric, with=all\\of\"it\\", `A=1,a=2,b c=d\,e=f\ ,time=1,endpoint=other,Endpoint=third,x=y=z\`, 3),
		point("höst\n", "put x 1 1\r\n", "ключ=знач\nput,\x00=\x7f,#=#", 4),
		point("\xff\xfe", "#comment", "\xc3=\xa9,日本=語", 5),
		point("host", "sums", "k=v", -1.0/3),
	}
	types := []metric.CounterType{metric.Gauge, metric.Counter, metric.Derive}
	for i := range points {
		points[i].Type = types[i%3]
	}
	points[1].Timestamp, points[1].Step = 1, 1
	points[2].Timestamp, points[2].Step = 3400000000, 7
	points[3].Step = 86400
	return points
}

// randomPoints returns n valid points with names out of all kinds of characters.
func randomPoints(seed uint64, n int) []metric.Point {
	r := rand.New(rand.NewPCG(seed, 0))
	alphabet := []string{
		"a", "B", "7", ".", "-", "_", "/", " ", ",", "=", `\`, `"`, "#", "\n", "\r", "\t", "\x00", "\x7f",
		"é", "Ж", "語", "𝔘", "\u2028", "\uFFFD", "\xff", "\xc3", "put", "endpoint", "time", "İ",
	}
	text := func(least int) string {
		var b strings.Builder
		for range least + r.IntN(8) {
			b.WriteString(alphabet[r.IntN(len(alphabet))])
		}
		return b.String()
	}
	values := []float64{0, math.Copysign(0, -1), 1e300, -1e-300, 12345678901234567, 1e15, 1e21, 0.0005}
	points := make([]metric.Point, n)
	for i := range points {
		tags := map[string]string{}
		for range r.IntN(6) {
			key := strings.NewReplacer(",", "", "=", "", " ", "").Replace(text(0))
			tags[key] = strings.NewReplacer(",", "", " ", "").Replace(text(0))
		}
		p := metric.Point{
			Endpoint: text(1), Metric: text(1), Step: 1 + r.Int64N(200),
			Timestamp: 1 + r.Int64N(3_500_000_000), Type: metric.Gauge + metric.CounterType(r.IntN(3)),
		}
		for _, k := range slices.Sorted(maps.Keys(tags)) {
			p.Tags = append(p.Tags, metric.Tag{Key: k, Value: tags[k]})
		}
		if p.Value = values[r.IntN(len(values))]; r.IntN(2) == 0 {
			p.Value = r.NormFloat64() * math.Pow(10, float64(r.IntN(40)-20))
		}
		points[i] = p
	}
	return points
}

// tagMap is the tags as section 3 of the wire formats has them: always a map.
func tagMap(tags []metric.Tag) map[string]string {
	m := make(map[string]string)
	for _, t := range tags {
		m[t.Key] = t.Value
	}
	return m
}
