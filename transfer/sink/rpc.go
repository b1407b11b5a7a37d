package sink

import (
	"net"
	"net/rpc"
)

// SimpleRpcResponse is the reply of judge, graph and p8s_relay, by Open-Falcon's
// name for it. Code 0 is success.
type SimpleRpcResponse struct {
	Code int
}

// NullRpcRequest is the argument of Ping, by Open-Falcon's name for it.
type NullRpcRequest struct{}

// pinger answers the probes of the services over gob.
type pinger struct {
	sink *Sink
}

// Ping answers a probe.
func (p pinger) Ping(_ NullRpcRequest, _ *SimpleRpcResponse) error { return p.sink.ping() }

// gobServer serves each connection by the stock net/rpc server, which finds the
// methods of service under the name given.
func gobServer(name string, service any) func(net.Conn) {
	server := newServer(name, service)
	return func(c net.Conn) { server.ServeConn(c) }
}

// newServer registers service, whose methods must suit net/rpc: that they don't
// is a fault in this package, not of the input.
func newServer(name string, service any) *rpc.Server {
	server := rpc.NewServer()
	if err := server.RegisterName(name, service); err != nil {
		panic(err)
	}
	return server
}
