package receiver

import (
	"bufio"
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/rpc"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
)

// drain is an Acceptor that only counts.
type drain struct{ points atomic.Int64 }

func (d *drain) Accept(b *metric.Batch) (invalid int, err error) {
	d.points.Add(int64(len(b.Points)))
	return 0, nil
}

// pointsAtOnce is how many points a request of an agent holds.
const pointsAtOnce = 200

// usualPoints is an array of n points as agents send them.
func usualPoints(n int) []byte {
	text := []byte{'['}
	for i := range n {
		if i > 0 {
			text = append(text, ',')
		}
		text = fmt.Appendf(text, `{"endpoint":"host-1051.example","metric":"disk.io.util","value":%d.%d,"step":60,"counterType":"GAUGE","tags":"device=sd%d,fstype=ext4","timestamp":1795235956}`,
			i%97, i%7, i)
	}
	return append(text, ']')
}

// usualRequest is a request of n points as agents send them.
func usualRequest(n int) []byte {
	request := append([]byte(`{"method":"Transfer.Update","params":[`), usualPoints(n)...)
	return append(request, `],"id":1234}`...)
}

// usualLines are n points, for the socket.
func usualLines(n int) []byte {
	var text []byte
	for i := range n {
		text = fmt.Appendf(text, "update host-1051.example disk.io.util/device=sd%d,fstype=ext4 1795235956 %d.%d GAUGE 60\n", i, i%97, i%7)
	}
	return text
}

// play sends the request again and again over one connection, some of them ahead of
// their replies, each of which ends with the last of ends.
func play(b *testing.B, address net.Addr, request []byte, ends string) {
	const ahead = 8
	c, err := net.Dial("tcp", address.String())
	require.NoError(b, err)
	defer func() { _ = c.Close() }()
	replies := bufio.NewReader(c)
	reply := func() {
		for i := range len(ends) {
			if _, err := replies.ReadSlice(ends[i]); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportAllocs()
	waiting := 0
	for b.Loop() {
		if _, err := c.Write(request); err != nil {
			b.Fatal(err)
		}
		if waiting++; waiting == ahead {
			reply()
			waiting--
		}
	}
	for range waiting {
		reply()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/pointsAtOnce, "ns/point")
}

// listenTo starts a receiver and returns its address.
func listenTo(b *testing.B, listen listenFunc, a Acceptor) net.Addr {
	server := listen(bound(b), testLimits(), a, testCounts(), slog.New(slog.DiscardHandler))
	server.Start()
	b.Cleanup(func() { require.NoError(b, server.Stop(context.Background())) })
	return server.Addr()
}

func BenchmarkJSONRPC(b *testing.B) {
	play(b, listenTo(b, ListenRPC, new(drain)), usualRequest(pointsAtOnce), "\n")
}

func BenchmarkPush(b *testing.B) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	push := NewPush(testLimits(), new(drain), testCounts())
	push.Start()
	server := http.Server{Handler: push}
	ended := make(chan struct{})
	go func() {
		_ = server.Serve(listener)
		close(ended)
	}()
	defer func() {
		_ = server.Close()
		<-ended
	}()
	points := usualPoints(pointsAtOnce)
	request := fmt.Appendf(nil, "POST /api/push HTTP/1.1\r\nHost: relay\r\nContent-Length: %d\r\n\r\n", len(points))
	play(b, listener.Addr(), append(request, points...), "}}")
}

func BenchmarkSocket(b *testing.B) {
	d := new(drain)
	c, err := net.Dial("tcp", listenTo(b, ListenSocket, d).String())
	require.NoError(b, err)
	lines := usualLines(pointsAtOnce)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(lines); err != nil {
			b.Fatal(err)
		}
	}
	for d.points.Load() < int64(b.N)*pointsAtOnce {
		time.Sleep(time.Millisecond)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/pointsAtOnce, "ns/point")
	require.NoError(b, c.Close())
}

// BenchmarkGobRPC has what a stock encoder makes, without the sockets.
func BenchmarkGobRPC(b *testing.B) {
	take := gobTaker(b, pointsAtOnce)
	b.ReportAllocs()
	for b.Loop() {
		take()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/pointsAtOnce, "ns/point")
}

// gobTaker returns what makes a codec take a request of n points, again and again: not
// the first on its connection, which has the definitions of the types.
func gobTaker(t testing.TB, n int) (take func()) {
	items := make([]*gobItem, n)
	for i := range items {
		items[i] = &gobItem{"host-1051.example", "disk.io.util", float64(i) / 7, 60, "GAUGE", fmt.Sprintf("device=sd%d,fstype=ext4", i), 1795235956}
	}
	var stream bytes.Buffer
	encoder := gob.NewEncoder(&stream)
	request := func() []byte {
		stream.Reset()
		require.NoError(t, encoder.Encode(&rpc.Request{ServiceMethod: updateMethod, Seq: 3}))
		require.NoError(t, encoder.Encode(items))
		return bytes.Clone(stream.Bytes())
	}
	c := newClient(newPort(testLimits(), new(drain), testCounts()), nil, 0)
	codec := newGobCodec(&c)
	takeAll := func(data []byte) {
		for len(data) > 0 {
			used, err := codec.next(data)
			if err != nil || used == 0 {
				t.Fatal(used, err)
			}
			data = data[used:]
		}
		c.out = c.out[:0]
	}
	takeAll(request())
	later := request()
	return func() { takeAll(later) }
}

func BenchmarkReadLines(b *testing.B) {
	lines := usualLines(pointsAtOnce)
	var batch metric.Batch
	b.ReportAllocs()
	for b.Loop() {
		batch.Reset()
		_, _ = readLines(&batch, lines, 1000)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/pointsAtOnce, "ns/point")
}
