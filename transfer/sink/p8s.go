package sink

import "net"

// P8sItem is a point on the wire of P8sRelay.Send. net/rpc wants it exported.
type P8sItem struct {
	Endpoint   string
	Metric     string
	Tags       map[string]string
	Value      float64
	Timestamp  int64
	MetricType string
	Step       int
}

// NewP8sRelay starts a stand-in for p8s_relay: P8sRelay.Send and P8sRelay.Ping
// over net/rpc's gob. It takes every point.
func NewP8sRelay(addr string, o Options) (*Sink, error) {
	return open("p8s_relay", addr, o, func(s *Sink) func(net.Conn) {
		return gobServer("P8sRelay", &p8sRelay{pinger{s}})
	})
}

type p8sRelay struct{ pinger }

// Send takes the points of one call.
func (r *p8sRelay) Send(items []*P8sItem, _ *SimpleRpcResponse) error {
	points := make([]Point, len(items))
	for i, it := range items {
		points[i] = Point{
			Endpoint: it.Endpoint, Metric: it.Metric, Tags: it.Tags,
			Value: it.Value, Timestamp: it.Timestamp, Type: it.MetricType, Step: it.Step,
		}
	}
	return r.sink.take(points)
}
