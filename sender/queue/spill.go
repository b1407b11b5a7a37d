package queue

import (
	"slices"
	"time"

	"transfer/g/segment"
)

// This is what the spooler of a target does to its queue: it takes Blocks that lie in
// memory only to the lanes' shelves. It alone calls these methods, one goroutine a
// queue. The queue's lock is free while it writes.
//
// What a lane holds to send next, in flight or returned, stays there and is written
// all the same, since a restart would lose it otherwise. What waits goes, and is read
// again later. So in memory and on the shelves the points keep their one order:
//
//	flight, ready | the stream, from its next position on | the disk, likewise | leaving | waiting

// patience is how long a point may wait in memory only.
const patience = 5 * time.Second

// Spill returns a channel that gets a signal when there may be something to do.
func (q *Queue) Spill() <-chan struct{} { return q.spill }

// Turns reports whether the target is to turn spooled with all that it holds: its
// memory is used up, its oldest point has waited for too long, or it was asked to
// since it was called last.
func (q *Queue) Turns(now time.Time) bool {
	asked := q.asked.Swap(false)
	q.mu.Lock()
	defer q.mu.Unlock()
	return asked || q.bytes.Load() >= q.limits.Bytes || slices.ContainsFunc(q.lanes, func(l *Lane) bool { return l.isLate(now) })
}

// isLate reports whether the lane has a point in memory only that has lost patience.
func (l *Lane) isLate(now time.Time) bool {
	for b := range l.blocks() {
		if !b.isSafe() && b.waited(now) > patience {
			return true
		}
	}
	return false
}

// Ask makes the target turn spooled soon. Any goroutine may call it.
func (q *Queue) Ask() {
	q.asked.Store(true)
	q.Look()
}

// Look makes the spooler look whether there is something to do. Any goroutine may
// call it.
func (q *Queue) Look() {
	select {
	case q.spill <- struct{}{}:
	default:
	}
}

// Unburden asks the target to turn spooled if a lane's mark lies below before. Any
// goroutine may call it.
func (q *Queue) Unburden(before uint64) {
	if q.spools.Load() && q.lowestMark(before) < before {
		q.Ask()
	}
}

func (q *Queue) lowestMark(upTo uint64) uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, l := range q.lanes {
		upTo = min(upTo, l.mark(upTo))
	}
	return upTo
}

// Leave returns the lane's Blocks that are to be written to its shelves, in order, none
// if it is live and does not turn. Until Wrote or GiveBack has been called for all of
// them they must not change.
func (l *Lane) Leave(turns bool) []*Block {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	if !turns && !l.isSpooled() {
		return nil
	}
	var leaving []*Block
	for _, held := range []*fifo{&l.flight, &l.ready} {
		for i := range held.len() {
			if b := held.at(i); !b.isSafe() {
				leaving = append(leaving, b)
			}
		}
	}
	for l.waiting.len() > 0 {
		b := l.waiting.pop()
		l.leaving.push(b)
		leaving = append(leaving, b)
	}
	for _, b := range leaving {
		b.spooled.writing = true
	}
	return leaving
}

// Wrote notes that the oldest of what Leave returned lies on the shelf: each Block before
// the position of the same index. In the stream it may lie only if the disk IsEmpty.
func (l *Lane) Wrote(shelf Shelf, blocks []*Block, ends []segment.Position) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	for i, b := range blocks {
		l.wrote(shelf, b, ends[i])
	}
	l.rouseReader()
}

func (l *Lane) wrote(shelf Shelf, b *Block, end segment.Position) {
	s := &l.shelves[shelf]
	s.end = end
	b.spooled.writing = false
	switch {
	case b == l.leaving.oldest():
		l.queue.release(l.leaving.pop())
	case b.spooled.gone:
		s.read, s.next = end, end
		l.queue.release(b)
	default: // the lane holds it, and so doesn't read it
		s.next = end
		b.lie(shelf, end)
	}
}

// GiveBack takes back what could not be written, the rest of what Leave returned: the
// lane goes on with it in memory.
func (l *Lane) GiveBack(blocks []*Block) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	for _, b := range blocks {
		b.spooled.writing = false
		if b.spooled.gone {
			l.queue.release(b)
		}
	}
	l.waiting.prepend(&l.leaving)
	l.rouseReader()
	l.queue.trim()
}

// TooLarge notes that the spool takes no item as large as the given one of b, which
// Leave returned. It reports whether b is to be written without it: the item is
// dropped. A Block that the lane holds to send next is not: all of it stays in memory
// only, and b is no longer the spooler's.
func (l *Lane) TooLarge(b *Block, item int) (write bool) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	for i := range l.leaving.len() {
		if b == l.leaving.at(i) {
			b.remove(item)
			l.queue.dropped[DroppedTooLarge]++
			return true
		}
	}
	b.spooled.writing, b.spooled.unfit = false, true
	if b.spooled.gone {
		l.queue.release(b)
	}
	return false
}

// HasRoom reports whether the queue is far from the memory at which it turns spooled.
// If it is not, it is asked to turn. A queue without a working spool has room: more is
// all that makes it give way. Any goroutine may call it.
func (q *Queue) HasRoom() bool {
	const crowded = 0.75
	if !q.spools.Load() {
		return true
	}
	q.mu.Lock()
	refused, roomy := q.refused, float64(q.bytes.Load()) <= crowded*float64(q.limits.Bytes)
	q.mu.Unlock()
	if roomy {
		return true
	}
	if !refused {
		q.Ask()
	}
	return refused
}

// SpoolWorks tells whether the spools take what they are given. While they don't, the
// queue keeps to its bytes.
func (q *Queue) SpoolWorks(works bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.refused = !works
	q.trim()
}
