package pipeline

import (
	"time"

	"transfer/sender/queue"
)

// load is what one backend gets of a batch. The items of many slots lie in one Block, in
// the order of their points, for the backend to sort; those of few slots in a Block each, so
// that nothing is sorted, and a lane gets its items in one copy instead of one by one.
type load struct {
	whole queue.Block
	slots []int32       // by item of whole
	apart []queue.Block // by slot; empty: all is in whole
}

// of returns the Block for the next item of the slot, which is to be appended to it.
func (l *load) of(slot int32) *queue.Block {
	if len(l.apart) > 0 {
		return &l.apart[slot]
	}
	l.slots = append(l.slots, slot)
	return &l.whole
}

// put hands the load on, as of points with these numbers, accepted at that time.
func (l *load) put(to Backend, first, last uint64, accepted time.Time) {
	if b := &l.whole; b.Len() > 0 {
		b.First, b.Last, b.Accepted = first, last, accepted
		to.Put(b, l.slots)
	}
	for slot := range l.apart {
		if b := &l.apart[slot]; b.Len() > 0 {
			b.First, b.Last, b.Accepted = first, last, accepted
			to.PutSlot(b, slot)
		}
	}
}

// keptPayload is how much memory for payload a load keeps for the next batch, in bytes:
// that of a giant request goes.
const keptPayload = 512 << 10

// empty makes the load ready for another batch.
func (l *load) empty() {
	if cap(l.whole.Payload) > keptPayload {
		l.whole, l.slots = queue.Block{}, nil
	}
	l.whole.Reset()
	l.slots = l.slots[:0]
	for slot := range l.apart {
		b := &l.apart[slot]
		if cap(b.Payload) > keptPayload/len(l.apart) {
			*b = queue.Block{}
		}
		b.Reset()
	}
}
