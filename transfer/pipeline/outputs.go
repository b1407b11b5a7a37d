package pipeline

import (
	"sync"

	"transfer/g/metric"
	"transfer/sender/queue"
	"transfer/sender/ring"
	"transfer/transfer/pipeline/journal"
	"transfer/transfer/pipeline/series"
)

// outputs are the backends that a batch goes to, and what is remembered of the
// series for them. They never change: another set of backends is another value,
// while batches under way hold on to theirs.
type outputs struct {
	backends []output
	series   *series.Cache
	passages sync.Pool // of *passage
}

// output is a backend with its hash at hand.
type output struct {
	Backend
	hash ring.Hash
}

func newOutputs(backends []Backend, cache Cache) *outputs {
	o := &outputs{}
	murmur3 := false
	var encoders []series.Encoder
	for _, b := range backends {
		hash := b.Hash()
		o.backends = append(o.backends, output{b, hash})
		murmur3 = murmur3 || hash == ring.Murmur3
		encoders = append(encoders, b)
	}
	o.series = series.New(cache.Series, cache.Bytes, murmur3, encoders...)
	o.passages.New = func() any { return newPassage(o).apart() }
	return o
}

// passage is what one batch needs on its way through the outputs. It is reused.
type passage struct {
	to     *outputs
	cursor *series.Cursor
	loads  []load          // one for each backend
	record *journal.Record // of the journal; nil: none was needed yet
}

func newPassage(to *outputs) *passage {
	return &passage{to: to, cursor: to.series.Cursor(), loads: make([]load, len(to.backends))}
}

// apart makes the passage keep the items of each slot apart, for backends that want it
// so, and returns it.
func (w *passage) apart() *passage {
	for i := range w.loads {
		w.loads[i].apart = make([]queue.Block, w.to.backends[i].FewSlots())
	}
	return w
}

// encode appends a valid point to the load of each backend that wants it.
func (w *passage) encode(b *metric.Batch, p *metric.Point) {
	found := w.cursor.Find(b, p)
	for i := range w.loads {
		part := found.Next()
		if !part.Wanted {
			continue
		}
		o := &w.to.backends[i]
		hash := found.Sum
		if o.hash == ring.Murmur3 {
			hash = found.Murmur3
		}
		to := w.loads[i].of(part.Slot)
		to.Payload = o.AppendItem(to.Payload, part.Text, p)
		to.Close(hash)
	}
}

// put hands on what was encoded, as the points up to the sequence number last that
// were accepted at that time.
func (w *passage) put(points int, last uint64, at *reading) {
	for i := range w.loads {
		w.loads[i].put(&w.to.backends[i], last-uint64(points)+1, last, at.accepted)
	}
}

// release empties the passage and keeps it for another batch.
func (w *passage) release() {
	w.empty()
	w.to.passages.Put(w)
}

// empty makes the passage ready for another batch.
func (w *passage) empty() {
	for i := range w.loads {
		w.loads[i].empty()
	}
	if w.record != nil {
		w.record.Reset()
	}
}
