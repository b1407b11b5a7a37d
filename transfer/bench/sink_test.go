package bench

import (
	"bytes"
	"encoding/gob"
	"io"
	"net"
	"net/http"
	"net/rpc"
	"net/rpc/jsonrpc"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// standIns opens the stand-ins of a row with two nodes each.
func standIns(t *testing.T, backends ...string) *site {
	t.Helper()
	s, err := openSite(Row{Way: "rpc", Backends: backends, Nodes: 2, Series: 2000, Rate: 1000})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.close()) })
	return s
}

// arrived waits for so many points.
func arrived(t *testing.T, s *site, points int64) {
	t.Helper()
	require.Eventually(t, func() bool { return s.delivered() >= points }, patience, time.Millisecond)
	require.Equal(t, points, s.delivered())
}

// item is much like the items of judge and graph.
type item struct {
	Endpoint string
	Value    float64
	Tags     map[string]string
}

func items(count int, endpoint string) (all []*item) {
	for range count {
		all = append(all, &item{Endpoint: endpoint, Value: 1.5, Tags: map[string]string{"a": "b"}})
	}
	return all
}

// A stock net/rpc client gets its answers, whatever it calls with.
func TestGobSinkAnswersTheStockClient(t *testing.T) {
	s := standIns(t, "judge")
	addresses := s.addresses("judge")
	require.Len(t, addresses, 2)
	sum := int64(0)
	for _, address := range addresses {
		c, err := rpc.Dial("tcp", address)
		require.NoError(t, err)
		for _, count := range []int{0, 1, 127, 128, 20_000} {
			var reply SimpleRPCResponse
			require.NoError(t, c.Call("Judge.Send", items(count, "host"), &reply))
			sum += int64(count)
			require.Equal(t, sum, s.delivered(), "counted before the answer")
		}
		require.NoError(t, c.Call("Judge.Ping", struct{}{}, new(SimpleRPCResponse)))
		var calls []*rpc.Call
		for range 300 { // more than one byte of Seq, and several calls in one read
			calls = append(calls, c.Go("Judge.Send", items(3, "host"), new(SimpleRPCResponse), nil))
		}
		for _, call := range calls {
			require.NoError(t, (<-call.Done).Error)
		}
		sum += 900
		require.NoError(t, c.Close())
	}
	require.Equal(t, sum, s.delivered())
}

func TestTransferSinkAnswersTheStockClient(t *testing.T) {
	s := standIns(t, "transfer")
	require.Len(t, s.addresses("transfer"), 1)
	c, err := jsonrpc.Dial("tcp", s.addresses("transfer")[0])
	require.NoError(t, err)
	type point struct {
		Endpoint string `json:"endpoint"`
	}
	for call, count := range []int{1, 200, 0, 50_000} {
		var reply struct{ Total, Invalid int }
		require.NoError(t, c.Call("Transfer.Update", make([]*point, count), &reply), call)
		require.Zero(t, reply.Total, "a null is no point")
		require.NoError(t, c.Call("Transfer.Update", points[point](count), &reply), call)
		require.Equal(t, count, reply.Total)
	}
	require.NoError(t, c.Close())
	require.EqualValues(t, 50_201, s.delivered())
}

func points[P any](count int) (all []*P) {
	for range count {
		all = append(all, new(P))
	}
	return all
}

func TestLineSink(t *testing.T) {
	s := standIns(t, "tsdb")
	c, err := net.Dial("tcp", s.addresses("tsdb")[0])
	require.NoError(t, err)
	line := "put metric 1600000020 1 endpoint=host\n"
	long := strings.Repeat("x", 3*sinkBytes) + "\n"
	for _, part := range []string{line + line, line[:7], line[7:], line + line[:1], line[1:], long, line} {
		_, err = io.WriteString(c, part)
		require.NoError(t, err)
		time.Sleep(time.Millisecond) // mostly enough to make it a read of its own
	}
	require.NoError(t, c.Close())
	arrived(t, s, 7)
}

func TestInfluxSink(t *testing.T) {
	s := standIns(t, "influxdb")
	client := http.Client{Transport: new(http.Transport)}
	defer client.CloseIdleConnections()
	for range 3 {
		reply, err := client.Post("http://"+s.addresses("influxdb")[0]+"/write?db=falcon", "text/plain", strings.NewReader("a value=1 1\nb value=2 2\n"))
		require.NoError(t, err)
		require.Equal(t, http.StatusNoContent, reply.StatusCode)
		require.NoError(t, reply.Body.Close())
	}
	require.EqualValues(t, 6, s.delivered())
}

func TestDeliveredIsTheLeast(t *testing.T) {
	s := standIns(t, "judge", "tsdb")
	s.standIns[0].count.took(5, nil)
	require.Zero(t, s.delivered())
	s.standIns[1].count.took(3, nil)
	require.EqualValues(t, 3, s.delivered())
}

// fakeConn hands out a stream in pieces of so many bytes and takes every answer.
type fakeConn struct {
	net.Conn
	from  io.Reader
	piece int
}

func (c *fakeConn) Read(p []byte) (int, error)  { return c.from.Read(p[:min(len(p), c.piece)]) }
func (c *fakeConn) Write(p []byte) (int, error) { return len(p), nil }

// Whatever comes, a stand-in ends with the stream, and how it is cut into reads
// changes nothing.
func FuzzSinks(f *testing.F) {
	var calls bytes.Buffer
	encoder := gob.NewEncoder(&calls)
	for seq := range uint64(2) {
		require.NoError(f, encoder.Encode(rpc.Request{ServiceMethod: "Judge.Send", Seq: seq}))
		require.NoError(f, encoder.Encode(items(3, "Zprobe-000-01")))
	}
	f.Add(calls.Bytes(), uint8(7))
	f.Add(calls.Bytes()[:calls.Len()-3], uint8(1))
	f.Add([]byte{0xf8, 1, 0, 0, 0, 0, 0, 0, 0}, uint8(3))
	f.Add([]byte{5, 4, 1, 0xf8, 255, 255, 255, 255, 255, 255, 255, 255}, uint8(50))
	f.Add([]byte("{\"method\":\"Transfer.Update\",\"params\":[[{},{}]],\"id\":7}\nput a 1 1 a=b\n"), uint8(4))
	f.Fuzz(func(t *testing.T, stream []byte, piece uint8) {
		for name, k := range kinds() {
			if k.tcp == nil {
				continue
			}
			counts := make([]int64, 2)
			for i, piece := range []int{1 + int(piece), len(stream) + 1} {
				count := tally{probes: newProbes(1)}
				serve, err := k.tcp(&count)
				require.NoError(t, err)
				require.Error(t, serve(&fakeConn{from: bytes.NewReader(stream), piece: piece}))
				counts[i] = count.points.Load()
			}
			require.Equal(t, counts[0], counts[1], name)
		}
	})
}

// A neighbour stands in the configuration beside the first node, and nothing that it gets
// or does not get counts.
func TestNeighbour(t *testing.T) {
	for _, behaves := range []string{neighbourWell, neighbourHung} {
		s, err := openSite(Row{Backends: []string{"graph"}, Nodes: 2, Neighbour: behaves})
		require.NoError(t, err)
		addresses := s.addresses("graph")
		require.Len(t, addresses, 2)
		_, neighbour, has := strings.Cut(addresses[0], ",")
		require.True(t, has)
		require.NotContains(t, addresses[1], ",")

		conn, err := net.Dial("tcp", neighbour)
		require.NoError(t, err)
		client := rpc.NewClient(conn)
		call := client.Go("Graph.Send", []int{1, 2, 3}, new(SimpleRPCResponse), nil)
		if behaves == neighbourWell {
			require.NoError(t, (<-call.Done).Error)
		} else {
			select {
			case <-call.Done:
				t.Fatal("a neighbour that hangs has answered")
			case <-time.After(100 * time.Millisecond):
			}
		}
		require.Zero(t, s.delivered())
		require.NoError(t, client.Close())
		require.NoError(t, s.close())
	}
	_, err := openSite(Row{Backends: []string{"graph"}, Nodes: 2, Neighbour: "loud"})
	require.ErrorContains(t, err, "loud")
}
