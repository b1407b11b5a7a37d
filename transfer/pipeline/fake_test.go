package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g/metric"
	"transfer/g/stat"
	"transfer/sender/queue"
	"transfer/sender/ring"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink is a Backend that keeps what it was given.
type sink struct {
	hash   ring.Hash
	prefix string // of the metrics that it wants
	few    int    // slots, if these are few

	mu     sync.Mutex
	blocks []*queue.Block // copies, in the order of Put
}

func (s *sink) Wants(p *metric.Point) bool { return strings.HasPrefix(p.Metric, s.prefix) }

func (s *sink) Hash() ring.Hash { return s.hash }

func (s *sink) AppendSeries(dst []byte, p *metric.Point) []byte {
	return append(dst, seriesOf(p)...)
}

func (s *sink) AppendItem(dst, series []byte, p *metric.Point) []byte {
	return append(append(dst, series...), sample(p)...)
}

// item writes down all that a backend may see of a point.
func item(p *metric.Point) string { return seriesOf(p) + sample(p) }

func seriesOf(p *metric.Point) string {
	return fmt.Sprintf("%s %s %v %d %s", p.Endpoint, p.Metric, p.Tags, p.Step, p.Type)
}

func sample(p *metric.Point) string { return fmt.Sprintf(" %v %d\n", p.Value, p.Timestamp) }

func (s *sink) Slot(hash uint32) int32 {
	if s.few > 0 {
		return int32(hash % uint32(s.few))
	}
	return int32(hash >> 1)
}

func (s *sink) FewSlots() int { return s.few }

func (s *sink) PutSlot(b *queue.Block, slot int) {
	s.Put(b, slices.Repeat([]int32{int32(slot)}, b.Len()))
}

func (s *sink) Put(b *queue.Block, slots []int32) {
	kept := &queue.Block{}
	for i := range b.Items {
		if slots[i] != s.Slot(b.Items[i].Hash) {
			panic("an item is in the wrong place")
		}
		kept.Take(b, i)
	}
	kept.Cover(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blocks = append(s.blocks, kept)
}

// newInlet returns the way into an open pipeline with a clock that stands still.
func newInlet(backends ...Backend) (*Pipeline, *Inlet, *stat.Receiver) {
	p := New(backends, Cache{Series: 1000, Bytes: 64 << 20}, Durability{}, func() time.Time { return time.Unix(start, 0) })
	p.Open()
	counts := stat.NewReceiver("test", metric.Reasons())
	return p, p.Inlet(counts), counts
}

// batch returns a Batch of copies of these points.
func batch(points ...metric.Point) *metric.Batch {
	return &metric.Batch{Points: points}
}

// accept hands the points on, none of which may be invalid.
func accept(t *testing.T, in *Inlet, points ...metric.Point) {
	t.Helper()
	invalid, err := in.Accept(batch(points...))
	require.NoError(t, err)
	require.Zero(t, invalid)
}
