package sink

import (
	"math/rand/v2"
	"net"
	"time"
)

// GraphItem is a point on the wire of Graph.Send. net/rpc wants it exported.
type GraphItem struct {
	Endpoint  string
	Metric    string
	Tags      map[string]string
	Value     float64
	Timestamp int64
	DsType    string
	Step      int
	Heartbeat int
	Min       string
	Max       string
}

// NewGraph starts a stand-in for graph: Graph.Send and Graph.Ping over net/rpc's
// gob. It replies first and applies each call later in a goroutine of its own, so
// that calls may overtake one another, and it silently discards a point that is
// not newer than the last of its series when it is applied.
func NewGraph(addr string, o Options) (*Sink, error) {
	return open("graph", addr, o, func(s *Sink) func(net.Conn) {
		return gobServer("Graph", &graph{pinger{s}})
	})
}

type graph struct{ pinger }

// applyWithin is how long after its reply graph may take to apply a call.
const applyWithin = 5 * time.Millisecond

// Send takes the points of one call.
func (g *graph) Send(items []*GraphItem, _ *SimpleRpcResponse) error {
	points := make([]Point, len(items))
	for i, it := range items {
		points[i] = Point{
			Endpoint: it.Endpoint, Metric: it.Metric, Tags: it.Tags,
			Value: it.Value, Timestamp: it.Timestamp, Type: it.DsType,
			Step: it.Step, Heartbeat: it.Heartbeat, Min: it.Min, Max: it.Max,
		}
	}
	return g.sink.takeLater(points, rand.N(applyWithin))
}
