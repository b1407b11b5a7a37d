package client

import (
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"
	"time"
)

// rpcPusher pushes by Transfer.Update with the stock client of either codec.
type rpcPusher struct {
	conn    net.Conn
	client  *rpc.Client
	timeout time.Duration
}

func dialJSON(address string, timeout time.Duration) (*rpcPusher, error) {
	return dialRPC(address, timeout, func(c net.Conn) *rpc.Client { return jsonrpc.NewClient(c) })
}

func dialGob(address string, timeout time.Duration) (*rpcPusher, error) {
	return dialRPC(address, timeout, func(c net.Conn) *rpc.Client { return rpc.NewClient(c) })
}

func dialRPC(address string, timeout time.Duration, codec func(net.Conn) *rpc.Client) (*rpcPusher, error) {
	conn, err := net.DialTimeout("tcp", address, timeout)
	if err != nil {
		return nil, err
	}
	return &rpcPusher{conn, codec(conn), timeout}, nil
}

// Push calls Transfer.Update. The deadline lies on the connection, since the
// stock client has none: it breaks the connection when it passes.
func (r *rpcPusher) Push(points []*Point) (Reply, error) {
	if err := r.conn.SetDeadline(time.Now().Add(r.timeout)); err != nil {
		return Reply{}, err
	}
	var reply Reply
	if err := r.client.Call("Transfer.Update", points, &reply); err != nil {
		return Reply{}, err
	}
	return reply, r.conn.SetDeadline(time.Time{})
}

// Close ends the connection.
func (r *rpcPusher) Close() error { return r.client.Close() }
