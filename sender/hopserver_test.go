package sender

import (
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/sender/servertest"
)

// arrivals is what several next hops got, together. A point is "sN" and its number.
type arrivals struct {
	mu     sync.Mutex
	newest map[string]float64 // by endpoint
	got    map[string]map[float64]bool
	late   int // first arrivals behind a newer one
	count  int // first arrivals
}

func newArrivals() *arrivals {
	return &arrivals{newest: map[string]float64{}, got: map[string]map[float64]bool{}}
}

func (a *arrivals) arrive(items []*MetricValue) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, item := range items {
		series := a.got[item.Endpoint]
		if series == nil {
			series = map[float64]bool{}
			a.got[item.Endpoint] = series
		}
		if series[item.Value] {
			continue
		}
		series[item.Value] = true
		a.count++
		if item.Value < a.newest[item.Endpoint] {
			a.late++
		}
		a.newest[item.Endpoint] = max(a.newest[item.Endpoint], item.Value)
	}
}

// server is one next hop, which can refuse connections, and hang: take them and
// answer nothing.
type server struct {
	t        *testing.T
	address  string
	arrivals *arrivals
	rpc      *rpc.Server
	running  sync.WaitGroup

	mu       sync.Mutex
	resumed  chan struct{} // closed: it does not hang
	listener net.Listener  // nil: it refuses
	open     map[net.Conn]bool
	calls    int
}

func newServer(t *testing.T, a *arrivals) *server {
	s := &server{t: t, address: servertest.OwnAddress(t), arrivals: a, rpc: rpc.NewServer(), resumed: make(chan struct{}), open: map[net.Conn]bool{}}
	close(s.resumed)
	require.NoError(t, s.rpc.RegisterName("Transfer", (*hopService)(s)))
	s.listen()
	t.Cleanup(func() { s.resume(); s.refuse(); s.running.Wait() })
	return s
}

// hopService is the RPC service of a server.
type hopService server

// Update takes points.
func (s *hopService) Update(items []*MetricValue, reply *TransferResponse) error {
	s.mu.Lock()
	s.calls++
	s.mu.Unlock()
	s.arrivals.arrive(items)
	*reply = TransferResponse{Message: "ok", Total: len(items)}
	return nil
}

// Ping answers.
func (*hopService) Ping(_ NullRPCRequest, _ *SimpleRPCResponse) error { return nil }

func (s *server) listen() {
	l, err := net.Listen("tcp", s.address)
	require.NoError(s.t, err)
	s.mu.Lock()
	s.listener, s.address = l, l.Addr().String()
	s.mu.Unlock()
	s.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if !s.admit(l, c) {
				return
			}
			s.running.Go(func() { s.rpc.ServeCodec(jsonrpc.NewServerCodec(&pausedConn{c, s})) })
		}
	})
}

// admit notes a connection of the listener, and reports whether that is still open.
func (s *server) admit(l net.Listener, c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != l {
		_ = c.Close() // it came while the server began to refuse
		return false
	}
	s.open[c] = true
	return true
}

// refuse makes the server close all and refuse connections, until listen.
func (s *server) refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		_ = s.listener.Close()
		s.listener = nil
	}
	for c := range s.open {
		_ = c.Close()
	}
	clear(s.open)
}

// hang makes the server read nothing more, until resume.
func (s *server) hang() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resumed = make(chan struct{})
}

func (s *server) resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !isClosed(s.resumed) {
		close(s.resumed)
	}
}

func (s *server) callCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// pausedConn hands over what it reads only while its server does not hang.
type pausedConn struct {
	net.Conn
	server *server
}

func (c *pausedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.server.mu.Lock()
	resumed := c.server.resumed
	c.server.mu.Unlock()
	<-resumed
	return n, err
}
