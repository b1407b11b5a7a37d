package faults

import (
	"net"
	"net/rpc"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/sink"
)

// settleTime is how long after its reply a graph may still be about to apply a call:
// a call that shares a series with it must not come before that.
const settleTime = 10 * time.Millisecond

// strict is a graph that keeps no points, but sees of each whether it comes in its
// turn, and whether it comes too soon for a real graph: that would apply it before an
// earlier one of its series, and discard that one. A machine that is busy delays what
// a strict graph sees of the relay, and so never makes it see a fault where none is.
type strict struct {
	t       *testing.T
	address string

	mu       sync.Mutex
	listener net.Listener // nil: nobody listens
	conns    []net.Conn
	series   map[string]*turn
	counts   strictCounts
	serving  sync.WaitGroup
}

// strictCounts are points.
type strictCounts struct {
	all       int
	different int
	skipped   int // that did not come when the next of their series came
	hasty     int // that came too soon after another one of their series
}

// turn is what a strict graph knows of one series.
type turn struct {
	next    int       // the round that comes next
	replied time.Time // to the last call
}

func newStrict(t *testing.T) *strict {
	t.Helper()
	g := &strict{t: t, address: suite.FreeAddress(), series: make(map[string]*turn)}
	g.listen()
	t.Cleanup(func() {
		g.shut()
		g.serving.Wait()
	})
	return g
}

func (g *strict) Addr() string { return g.address }

func (g *strict) Points() []sink.Point { return nil }

func (g *strict) Discards() int { return 0 }

// listen lets clients in, at the same address each time.
func (g *strict) listen() {
	g.t.Helper()
	l, err := net.Listen("tcp", g.address)
	require.NoError(g.t, err)
	server := rpc.NewServer()
	require.NoError(g.t, server.RegisterName("Graph", &strictService{g}))
	g.mu.Lock()
	defer g.mu.Unlock()
	g.address, g.listener = l.Addr().String(), l
	g.serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			g.mu.Lock()
			g.conns = append(g.conns, c)
			if g.listener != l {
				_ = c.Close()
			}
			g.mu.Unlock()
			g.serving.Go(func() { server.ServeConn(c) })
		}
	})
}

// shut closes the port and all connections.
func (g *strict) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.listener != nil {
		_ = g.listener.Close()
	}
	for _, c := range g.conns {
		_ = c.Close()
	}
	g.listener, g.conns = nil, nil
}

func (g *strict) count() strictCounts {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.counts
}

// strictService is what net/rpc shows of a strict graph.
type strictService struct{ graph *strict }

// Send takes a call.
func (s *strictService) Send(items []*sink.GraphItem, _ *sink.SimpleRpcResponse) error {
	g := s.graph
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	touched := make(map[*turn]bool, len(items))
	for _, it := range items {
		g.take(it, now, touched)
	}
	replied := time.Now() // before the reply: what seems to come in time has come in time
	for t := range touched {
		t.replied = replied
	}
	return nil
}

func (g *strict) take(it *sink.GraphItem, now time.Time, touched map[*turn]bool) {
	key := it.Endpoint + "/" + it.Metric
	t := g.series[key]
	if t == nil {
		t = &turn{}
		g.series[key] = t
	}
	g.counts.all++
	round := int(it.Value)
	if round < t.next {
		return // a duplicate, which a graph may discard
	}
	g.counts.different++
	g.counts.skipped += round - t.next
	t.next = round + 1
	if !t.replied.IsZero() && !touched[t] && now.Sub(t.replied) < settleTime {
		g.counts.hasty++
	}
	touched[t] = true
}
