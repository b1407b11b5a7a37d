package faults

import (
	"errors"
	"net"
	"net/rpc"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/transfer/sink"
)

// poison is the metric that a picky graph never takes.
const poison = "poison"

// picky is a graph that refuses each call with a point of poison in it, as a whole.
type picky struct {
	address string

	mu     sync.Mutex
	points []sink.Point
	sick   bool // it refuses all
	until  int  // so many calls of a single point are refused; 0: no bound
}

// pickyService is what net/rpc shows of a picky graph.
type pickyService struct{ graph *picky }

// Send takes a call.
func (s *pickyService) Send(items []*sink.GraphItem, _ *sink.SimpleRpcResponse) error {
	g := s.graph
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.sick {
		if len(items) == 1 && g.until > 0 {
			g.until--
			g.sick = g.until > 0
		}
		return errors.New("cannot store anything")
	}
	for _, it := range items {
		if it.Metric == poison {
			return errors.New("cannot store " + it.Metric)
		}
	}
	for _, it := range items {
		g.points = append(g.points, sink.Point{
			Endpoint: it.Endpoint, Metric: it.Metric, Tags: it.Tags, Value: it.Value, Timestamp: it.Timestamp,
		})
	}
	return nil
}

func newPicky(t *testing.T) *picky {
	t.Helper()
	l, err := net.Listen("tcp", suite.FreeAddress())
	require.NoError(t, err)
	g := &picky{address: l.Addr().String()}
	server := rpc.NewServer()
	require.NoError(t, server.RegisterName("Graph", &pickyService{g}))
	var work sync.WaitGroup
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = c.Close() })
			go server.ServeConn(c) // until the relay or the test closes it
		}
	})
	t.Cleanup(func() { _ = l.Close(); work.Wait() })
	return g
}

func (g *picky) Addr() string { return g.address }

func (g *picky) Points() []sink.Point {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.points)
}

func (g *picky) Discards() int { return 0 }

// refuseAll makes it refuse every call, or no longer: until it is told otherwise, or
// has refused so many calls of a single point.
func (g *picky) refuseAll(sick bool, until int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sick, g.until = sick, until
}
