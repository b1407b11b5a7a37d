package sender

import (
	"bytes"
	"encoding/gob"
	"errors"
	"io"
	"net"
	"net/rpc"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g/metric"
)

// gobReplyBytes is what a stock server answers on a new connection.
func gobReplyBytes(t testing.TB, seq uint64, text string) []byte {
	var reply bytes.Buffer
	encoder := gob.NewEncoder(&reply)
	require.NoError(t, encoder.Encode(rpc.Response{ServiceMethod: "Graph.Send", Seq: seq, Error: text}))
	require.NoError(t, encoder.Encode(SimpleRPCResponse{}))
	return reply.Bytes()
}

func TestStockServerRefusesAndGoesOn(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	var receiver Receiver[JudgeItem]
	address := serveRPC(t, "Judge", &receiver, gobCodec)
	b := build(t, "judge", section("judge", address), 30).Backend
	c := dial(t, b, address)
	for text, permanent := range map[string]bool{"bad item": true, "retry: full": false, "rpc: can't do": true} {
		receiver.answer(errors.New(text))
		require.NoError(t, c.Send(onePoint(b)))
		_, err := c.Confirm()
		require.Equal(t, &Refusal{Permanent: permanent, Err: errors.New(text)}, err)
		require.NoError(t, c.Check())
	}
	receiver.answer(nil)
	require.Equal(t, Receipt{Blocks: 1}, send(t, c, onePoint(b)))
	require.Len(t, receiver.answer(nil), 1)
}

func TestServiceNotRegistered(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	address := serveRPC(t, "Judge", new(Receiver[JudgeItem]), gobCodec)
	b := build(t, "graph", section("graph", address), 30).Backend
	c := dial(t, b, address)
	require.NoError(t, c.Send(onePoint(b)))
	_, err := c.Confirm()
	var refusal *Refusal
	require.ErrorAs(t, err, &refusal)
	require.False(t, refusal.Permanent)
}

func TestLargeBlock(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	points := make([]metric.Point, 0, 20000)
	for range cap(points) {
		points = append(points, point("some.host.example.com", "disk.io.util", "device=sda,mount=/var/lib", 1))
	}
	require.Len(t, delivered[GraphItem](t, "graph", "Graph", points, 30), len(points))
}

// Whatever a server sends, Confirm ends, and says yes only to what the stock
// client would take for a good reply as well.
func FuzzGobReply(f *testing.F) {
	good := gobReplyBytes(f, 0, "")
	f.Add(good)
	f.Add(gobReplyBytes(f, 0, "retry: later"))
	f.Add(gobReplyBytes(f, 9, ""))
	f.Add(good[:len(good)-1])
	f.Add([]byte{0xf8, 1, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0x80})
	f.Add(bytes.Repeat([]byte{0}, 1000))
	f.Fuzz(func(t *testing.T, reply []byte) {
		client, server := net.Pipe()
		defer func() { _ = client.Close() }()
		go func() {
			_, _ = server.Write(reply)
			_ = server.Close()
		}()
		messages := newGobMessages(client)
		c := &gobConn{tcp: &tcp{address: "peer"}, replies: messages, decoder: gob.NewDecoder(messages), seq: 1}
		_, err := c.Confirm()
		_ = client.Close()
		if err == nil {
			stock := gob.NewDecoder(bytes.NewReader(reply))
			var response rpc.Response
			require.NoError(t, stock.Decode(&response))
			require.Zero(t, response.Seq)
			require.Empty(t, response.Error)
		}
	})
}

func TestGobReplyOverTheLimitTakesNoMemory(t *testing.T) {
	for _, length := range [][]byte{{0xfd, 0x01, 0x00, 0x01}, {0xfc, 0x40, 0, 0, 0}, {0xf8, 0xff, 0, 0, 0, 0, 0, 0, 0}, {0x80}} {
		m := newGobMessages(io.MultiReader(bytes.NewReader(length), zeros{}))
		m.allow(maxReply)
		_, err := m.ReadByte()
		require.ErrorContains(t, err, "over 65536 bytes")
		require.Less(t, cap(m.buf), 1024)
	}
	// Many small messages are bounded as well.
	m := newGobMessages(zeros{})
	m.allow(maxReply)
	var err error
	for n := 0; err == nil; n++ {
		require.Less(t, n, 2*maxReply)
		_, err = m.ReadByte()
	}
}

// zeros is an endless run of zeros.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestDialGivesUpInTime(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	s := section("graph", "")
	s.ConnTimeout = time.Nanosecond
	s.Nodes[0].Addresses = []string{"localhost:1"}
	_, err := build(t, "graph", s, 30).Dial(t.Context(), "localhost:1")
	require.ErrorContains(t, err, "cannot connect to localhost:1")
}
