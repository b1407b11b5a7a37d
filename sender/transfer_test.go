package sender

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/rpc"
	"net/rpc/jsonrpc"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g"
	"transfer/g/metric"
)

// MetricValue is the POINT of the receivers' formats.
type MetricValue struct {
	Endpoint    string  `json:"endpoint"`
	Metric      string  `json:"metric"`
	Value       float64 `json:"value"`
	Step        int64   `json:"step"`
	CounterType string  `json:"counterType"`
	Tags        string  `json:"tags"`
	Timestamp   int64   `json:"timestamp"`
}

// plainMetricValue is section 3 of the wire formats in plain words.
func plainMetricValue(p *metric.Point) *MetricValue {
	var tags []string
	for _, t := range p.Tags {
		tags = append(tags, t.Key+"="+t.Value)
	}
	return &MetricValue{
		Endpoint: validUTF8(p.Endpoint), Metric: validUTF8(p.Metric), Value: p.Value, Step: p.Step,
		CounterType: p.Type.String(), Tags: validUTF8(strings.Join(tags, ",")), Timestamp: p.Timestamp,
	}
}

// validUTF8 replaces each byte that is no UTF-8.
func validUTF8(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteRune(r)
	}
	return b.String()
}

// TransferResponse is what a transfer answers.
type TransferResponse struct {
	Message        string
	Total, Invalid int
	Latency        int64
}

// NextHop is a transfer on a stock server.
type NextHop struct {
	mu      sync.Mutex
	items   []*MetricValue
	invalid int
	fail    error
}

// Update takes one call.
func (h *NextHop) Update(items []*MetricValue, reply *TransferResponse) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fail != nil {
		return h.fail
	}
	h.items = append(h.items, items...)
	*reply = TransferResponse{Message: "ok", Total: len(items), Invalid: h.invalid}
	return nil
}

func (h *NextHop) set(invalid int, fail error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.invalid, h.fail = invalid, fail
}

func jsonCodec(s *rpc.Server, c io.ReadWriteCloser) { s.ServeCodec(jsonrpc.NewServerCodec(c)) }

func TestNextHopGetsPlainPoints(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	var hop NextHop
	address := serveRPC(t, "Transfer", &hop, jsonCodec)
	b := build(t, "transfer", section("transfer", address), 30).Backend
	c := dial(t, b, address)
	points := append(oddPoints(), randomPoints(4, 3000)...)
	var want []*MetricValue
	for i := range points {
		want = append(want, plainMetricValue(&points[i]))
	}
	for size := 1; len(points) > 0; size *= 3 {
		n := min(size, len(points))
		require.Equal(t, Receipt{Blocks: 1}, send(t, c, blockOf(b, points[:n])))
		points = points[n:]
	}
	require.Equal(t, want, hop.items)
}

func TestNextHopComplains(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	var hop NextHop
	address := serveRPC(t, "Transfer", &hop, jsonCodec)
	b := build(t, "transfer", section("transfer", address), 30).Backend
	c := dial(t, b, address)
	points := oddPoints()[:3]
	for invalid, rejected := range map[int]int{0: 0, 2: 2, 99: 3, -1: 0} {
		hop.set(invalid, nil)
		require.Equal(t, Receipt{Blocks: 1, Rejected: rejected}, send(t, c, blockOf(b, points)))
	}
	for text, permanent := range map[string]bool{"retry: full": false, "nonsense": true} {
		hop.set(0, errors.New(text))
		require.NoError(t, c.Send(blockOf(b, points)))
		_, err := c.Confirm()
		require.Equal(t, &Refusal{Permanent: permanent, Err: errors.New(text)}, err)
	}
	hop.set(0, nil)
	require.Equal(t, Receipt{Blocks: 1}, send(t, c, blockOf(b, points)))
}

func TestNextHopWithoutTheService(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	address := serveRPC(t, "Other", new(NextHop), jsonCodec)
	b := build(t, "transfer", section("transfer", address), 30).Backend
	c := dial(t, b, address)
	require.NoError(t, c.Send(onePoint(b)))
	_, err := c.Confirm()
	var refusal *Refusal
	require.ErrorAs(t, err, &refusal)
	require.False(t, refusal.Permanent, "%v", err)
}

func TestTransferPlan(t *testing.T) {
	s := section("transfer", "")
	s.Nodes = []g.Node{{Name: "t1", Addresses: []string{"a:1", "b:1"}}, {Name: "t2", Addresses: []string{"c:1"}}}
	p := build(t, "transfer", s, 30)
	require.Equal(t, Rules{Encoding: "transfer/1"}, p.Rules)
	require.Equal(t, []string{"a:1", "b:1", "c:1"}, p.group)
}

func FuzzTransferItem(f *testing.F) {
	for _, p := range oddPoints() {
		f.Add(p.Endpoint, p.Metric, "k=v", p.Value, p.Timestamp, p.Step)
	}
	f.Fuzz(func(t *testing.T, endpoint, name, tags string, value float64, timestamp, step int64) {
		if math.IsNaN(value) || math.IsInf(value, 0) {
			t.Skip("refused by the validation")
		}
		p := metric.Point{
			Endpoint: endpoint, Metric: name, Tags: metric.ParseTags(tags), Value: value,
			Timestamp: timestamp, Step: step, Type: metric.Counter,
		}
		item := string(itemOf(transfer{}, &p))
		require.True(t, utf8.ValidString(item))
		require.NotContains(t, item, "\n")
		var got []*MetricValue
		require.NoError(t, json.Unmarshal([]byte("["+item+item[:len(item)-1]+"]"), &got))
		want := plainMetricValue(&p)
		require.Equal(t, []*MetricValue{want, want}, got)
	})
}
