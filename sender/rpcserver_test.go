package sender

import (
	"io"
	"net"
	"net/rpc"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
)

// SimpleRPCResponse is what Open-Falcon's services answer.
type SimpleRPCResponse struct {
	Code int
}

// Receiver is an Open-Falcon service on a stock net/rpc server: Send keeps what it
// gets.
type Receiver[Item any] struct {
	mu    sync.Mutex
	items []*Item
	fail  error // what to answer instead
}

// Send takes one call.
func (r *Receiver[Item]) Send(items []*Item, reply *SimpleRPCResponse) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	reply.Code = 7 // to be ignored
	if r.fail != nil {
		return r.fail
	}
	r.items = append(r.items, items...)
	return nil
}

// answer sets what to answer from now on, and returns what came until now.
func (r *Receiver[Item]) answer(err error) []*Item {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = err
	return r.items
}

// serveRPC serves service under name by a stock server; codec is its ServeConn.
func serveRPC(t testing.TB, name string, service any, codec func(*rpc.Server, io.ReadWriteCloser)) string {
	t.Helper()
	server := rpc.NewServer()
	require.NoError(t, server.RegisterName(name, service))
	return serve(t, func(c net.Conn) { codec(server, c) })
}

func gobCodec(s *rpc.Server, c io.ReadWriteCloser) { s.ServeConn(c) }

// delivered sends points in several Blocks over one connection to a stock server
// and returns what it got.
func delivered[Item any](t *testing.T, name, service string, points []metric.Point, minStep int) []*Item {
	t.Helper()
	var receiver Receiver[Item]
	address := serveRPC(t, service, &receiver, gobCodec)
	p := build(t, name, section(name, address), minStep)
	require.Zero(t, p.Window)
	require.Nil(t, p.group)
	c := dial(t, p.Backend, address)
	wanted := points[:0:0]
	for _, point := range points {
		if p.Wants(&point) {
			wanted = append(wanted, point)
		}
	}
	for size := 1; len(wanted) > 0; size *= 3 {
		n := min(size, len(wanted))
		require.Equal(t, Receipt{Blocks: 1}, send(t, c, blockOf(p, wanted[:n])))
		wanted = wanted[n:]
	}
	return receiver.answer(nil)
}
