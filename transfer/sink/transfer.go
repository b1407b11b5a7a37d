package sink

import (
	"net"
	"net/rpc/jsonrpc"
	"strconv"
	"time"
)

// UpdateItem is a point on the wire of Transfer.Update. net/rpc wants it
// exported.
type UpdateItem struct {
	Endpoint    string `json:"endpoint"`
	Metric      string `json:"metric"`
	Value       any    `json:"value"` // a number, or a string that holds one
	Step        int    `json:"step"`
	CounterType string `json:"counterType"`
	Tags        string `json:"tags"`
	Timestamp   int64  `json:"timestamp"`
}

// UpdateReply is the reply of Transfer.Update.
type UpdateReply struct {
	Message string
	Total   int
	Invalid int
	Latency int64 // milliseconds
}

// PingReply is the reply of Transfer.Ping.
type PingReply struct {
	Code int `json:"code"`
}

// NewTransfer starts a stand-in for a next-hop transfer: Transfer.Update and
// Transfer.Ping over net/rpc's JSON codec. It takes every point that has a name
// and a number; the others are counted as invalid, in the reply too.
func NewTransfer(addr string, o Options) (*Sink, error) {
	return open("transfer", addr, o, func(s *Sink) func(net.Conn) {
		server := newServer("Transfer", &transfer{s})
		return func(c net.Conn) { server.ServeCodec(jsonrpc.NewServerCodec(c)) }
	})
}

type transfer struct{ sink *Sink }

// Ping answers a probe.
func (t *transfer) Ping(_ struct{}, _ *PingReply) error { return t.sink.ping() }

// Update takes the points of one call.
func (t *transfer) Update(items []*UpdateItem, reply *UpdateReply) error {
	start := time.Now()
	points := make([]Point, 0, len(items))
	for _, it := range items {
		if p, ok := it.point(); ok {
			points = append(points, p)
		}
	}
	if err := t.sink.take(points); err != nil {
		return err
	}
	invalid := len(items) - len(points)
	t.sink.invalid.Add(invalid)
	*reply = UpdateReply{
		Message: "ok", Total: len(items), Invalid: invalid, Latency: time.Since(start).Milliseconds(),
	}
	return nil
}

// point returns the item as a Point, or false for one without name or number.
func (it *UpdateItem) point() (Point, bool) {
	if it == nil || it.Endpoint == "" || it.Metric == "" {
		return Point{}, false
	}
	p := Point{
		Endpoint: it.Endpoint, Metric: it.Metric, Tags: tagMap(it.Tags),
		Timestamp: it.Timestamp, Type: it.CounterType, Step: it.Step,
	}
	switch v := it.Value.(type) {
	case float64:
		p.Value = v
	case string:
		f, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return Point{}, false
		}
		p.Value = f
	default:
		return Point{}, false
	}
	return p, true
}
