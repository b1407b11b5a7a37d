package sink

import "net"

// JudgeItem is a point on the wire of Judge.Send. net/rpc wants it exported.
type JudgeItem struct {
	Endpoint  string
	Metric    string
	Value     float64
	Timestamp int64
	JudgeType string
	Tags      map[string]string
}

// NewJudge starts a stand-in for judge: Judge.Send and Judge.Ping over net/rpc's
// gob. It silently discards a point that is not newer than the last of its
// series, and replies after it has applied the points.
func NewJudge(addr string, o Options) (*Sink, error) {
	return open("judge", addr, o, func(s *Sink) func(net.Conn) {
		return gobServer("Judge", &judge{pinger{s}})
	})
}

type judge struct{ pinger }

// Send takes the points of one call.
func (j *judge) Send(items []*JudgeItem, _ *SimpleRpcResponse) error {
	points := make([]Point, len(items))
	for i, it := range items {
		points[i] = Point{
			Endpoint: it.Endpoint, Metric: it.Metric, Tags: it.Tags,
			Value: it.Value, Timestamp: it.Timestamp, Type: it.JudgeType,
		}
	}
	return j.sink.take(points)
}
