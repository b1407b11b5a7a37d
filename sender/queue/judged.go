package queue

import "time"

// behindAfter is how long the oldest point of a lane must have waited for the lane to be
// behind.
const behindAfter = time.Second

// Flight returns the i-th oldest Block in flight, without sending it. Owner only; the
// Block stays unchanged until Delivered or Return.
func (l *Lane) Flight(i int) *Block { return l.flight.at(i) }

// Settle returns the pause between two Blocks that share a series, 0 for none.
func (l *Lane) Settle() time.Duration {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	return l.settle.pause
}

// Tried counts points of a Block in flight that were sent as a part of it: whether they
// had been sent before, and whether the call failed.
func (l *Lane) Tried(points int, again, failed bool) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	if again {
		l.queue.resent += uint64(points)
	}
	if failed {
		l.queue.failed += uint64(points)
	}
}

// Bury says that the backend refused so many points of the Blocks in flight for good.
// The Delivered that ends these Blocks counts them as dropped instead. Owner only.
func (l *Lane) Bury(points int) { l.buried += points }

// bury counts what Bury and Discard said of the Blocks that were delivered. The caller
// holds the queue's lock.
func (l *Lane) bury() {
	l.queue.delivered -= uint64(l.buried)
	l.queue.dropped[DroppedDeadLetter] += uint64(l.buried)
	l.queue.movedOut -= uint64(l.discarded)
	l.queue.dropped[DroppedReplica] += uint64(l.discarded)
	l.buried, l.discarded = 0, 0
}

// IsBehind reports whether the lane has a backlog: something on a shelf, or a Block
// that has waited for more than a second.
func (l *Lane) IsBehind(now time.Time) bool {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	if l.isSpooled() {
		return true
	}
	for b := range l.blocks() {
		return b.waited(now) > behindAfter
	}
	return false
}
