// Package pipeline takes Batches from the receivers to the backends: it validates
// each point once, resolves its key and hashes once, counts, lets an operator
// look on, and encodes each point once for every backend that wants it. All of it
// happens in the receiver's goroutine; the package starts none.
package pipeline

import (
	"sync/atomic"
	"time"

	"transfer/g/metric"
	"transfer/g/stat"
	"transfer/sender/queue"
	"transfer/sender/ring"
)

// Backend is where the pipeline hands points to: the targets of one kind of
// receiver. Its methods may be called from many goroutines.
type Backend interface {
	// Wants reports whether the points of p's series are meant for this backend. It
	// looks at nothing but the series: endpoint, metric, tags, type and step. It has
	// no side effects.
	Wants(p *metric.Point) bool
	// AppendSeries appends to dst what the items of p's series have in common, in
	// the backend's own form, and returns it. It looks at what Wants does and
	// at p.Tags, has no side effects and may be called from many goroutines. What it
	// appends is good for as long as the process runs.
	AppendSeries(dst []byte, p *metric.Point) []byte
	// AppendItem appends the point's wire bytes to dst and returns it. series is what
	// AppendSeries appended for a point of the same series, type and step; of p it
	// looks at value, timestamp, type and step only, and at the Sample, which says the
	// first two as text. It has no side effects and may be called from many goroutines.
	AppendItem(dst, series []byte, p *metric.Point) []byte
	// Hash returns the hash of the backend's ring, CRC32 where it has none. It
	// never changes.
	Hash() ring.Hash
	// Slot returns where the backend places the series with this hash, which is that
	// of Hash. It never changes.
	Slot(hash uint32) int32
	// Put distributes the items of one batch to the targets' lanes, in their order:
	// item i belongs to slots[i], what Slot returned. It does no I/O and copies what it
	// needs: the caller keeps both.
	Put(b *queue.Block, slots []int32)
	// FewSlots returns how many slots there are if they are so few that a batch is to
	// come as one Block for each, 0 if it is to come by Put. It never changes.
	FewSlots() int
	// PutSlot is Put of items that all belong to one of these few slots.
	PutSlot(b *queue.Block, slot int)
}

// Pipeline is the one way of points from all receivers to all backends.
type Pipeline struct {
	gate       gate
	clock      clock
	outputs    atomic.Pointer[outputs]
	durability Durability
	refuse     atomic.Bool   // as Durability.Refuse
	sequence   atomic.Uint64 // of the last point accepted, where there is no journal
	trace      watch
	filter     watch
}

// Cache bounds what is remembered of series.
type Cache struct {
	Series int   // 0: none
	Bytes  int64 // that they may take
}

// New returns a closed pipeline into these backends. now is the clock that
// timestamps are judged by and default to.
func New(backends []Backend, cache Cache, durability Durability, now func() time.Time) *Pipeline {
	p := &Pipeline{
		gate:       gate{refusal: errNotReady},
		clock:      clock{now: now},
		durability: durability,
		trace:      watch{keep: tracedPoints},
		filter:     watch{keep: filteredPoints},
	}
	p.refuse.Store(durability.Refuse)
	p.outputs.Store(newOutputs(backends, cache))
	return p
}

// SetRefuse says what becomes of the batches from now on that the journal does not
// take: they are refused, or lie in memory only.
func (p *Pipeline) SetRefuse(refuse bool) { p.refuse.Store(refuse) }

// Open lets batches in.
func (p *Pipeline) Open() { p.gate.set(nil) }

// Close refuses batches from now on and returns when none is under way.
func (p *Pipeline) Close() { p.gate.set(errStopping) }

// Inlet returns the way in for one receiver, whose points counts will count.
func (p *Pipeline) Inlet(counts *stat.Receiver) *Inlet { return &Inlet{p, counts} }
