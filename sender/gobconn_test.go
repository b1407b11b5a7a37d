package sender

import (
	"bytes"
	"encoding/gob"
	"errors"
	"io"
	"net/rpc"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g/metric"
)

// gobReplyBytes is what a stock server answers on a new connection.
func gobReplyBytes(t testing.TB, seq uint64, text string) []byte {
	return gobReplies(t, rpc.Response{ServiceMethod: "Graph.Send", Seq: seq, Error: text})
}

// gobReplies is what a stock server answers to some calls on a new connection.
func gobReplies(t testing.TB, responses ...rpc.Response) []byte {
	var replies bytes.Buffer
	encoder := gob.NewEncoder(&replies)
	for _, r := range responses {
		require.NoError(t, encoder.Encode(r))
		if r.Error != "" {
			require.NoError(t, encoder.Encode(struct{}{}))
		} else {
			require.NoError(t, encoder.Encode(SimpleRPCResponse{Code: int(r.Seq / 3)}))
		}
	}
	return replies.Bytes()
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

// gobConnOn returns a connection to graph on which nothing was sent yet, and whose
// replies are these bytes.
func gobConnOn(t testing.TB, replies []byte) *gobConn {
	t.Helper()
	service, err := newGobService(section("graph", "peer"), "Graph.Send", []*GraphItem{})
	require.NoError(t, err)
	messages := newGobMessages(bytes.NewReader(replies))
	return &gobConn{tcp: &tcp{address: "peer"}, service: &service, replies: messages, decoder: gob.NewDecoder(messages)}
}

// confirmNext confirms one more call.
func (c *gobConn) confirmNext() error {
	c.seq++
	_, err := c.Confirm()
	return err
}

func TestGobRepliesOneAfterAnother(t *testing.T) {
	ok := func(seq uint64) rpc.Response { return rpc.Response{ServiceMethod: "Graph.Send", Seq: seq} }
	busy := rpc.Response{ServiceMethod: "Graph.Send", Seq: 4, Error: "retry: busy"}
	c := gobConnOn(t, gobReplies(t, ok(0), ok(1), ok(2), ok(3), busy, ok(5), ok(6), ok(99)))
	for seq := range 7 {
		err := c.confirmNext()
		if seq != 4 {
			require.NoError(t, err, "call %d", seq)
			continue
		}
		require.Equal(t, &Refusal{Err: errors.New("retry: busy")}, err)
	}
	require.ErrorContains(t, c.confirmNext(), "it answers call 99 instead of 7")
}

// Whatever a server sends, Confirm ends, and it takes for good replies just those
// that the stock client would.
func FuzzGobReply(f *testing.F) {
	good := gobReplyBytes(f, 0, "")
	f.Add(good)
	f.Add(gobReplyBytes(f, 0, "retry: later"))
	f.Add(gobReplyBytes(f, 9, ""))
	f.Add(good[:len(good)-1])
	f.Add([]byte{0xf8, 1, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0x80})
	f.Add(bytes.Repeat([]byte{0}, 1000))
	var many []rpc.Response
	for seq := range uint64(300) {
		many = append(many, rpc.Response{ServiceMethod: "Graph.Send", Seq: seq})
	}
	f.Add(gobReplies(f, many...))
	many[2].Error, many[3].ServiceMethod, many[4].ServiceMethod = "bad item", "", "Graph.Sent"
	f.Add(gobReplies(f, many[:8]...))
	f.Fuzz(func(t *testing.T, replies []byte) {
		if len(replies) > maxReply {
			return
		}
		c, stock := gobConnOn(t, replies), gob.NewDecoder(bytes.NewReader(replies))
		for seq := uint64(0); ; seq++ {
			var response rpc.Response
			want := stock.Decode(&response)
			if want == nil {
				want = stock.DecodeValue(reflect.Value{})
			}
			got := c.confirmNext()
			if want != nil || response.Seq != seq {
				transportOf(t, got, "peer")
				return
			}
			var refusal *Refusal
			if response.Error != "" {
				require.ErrorAs(t, got, &refusal)
			} else {
				require.NoError(t, got)
			}
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
