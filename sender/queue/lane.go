package queue

import (
	"math"
	"time"
)

// Forever is the wait of an empty lane: only a signal ends it.
const Forever = time.Duration(math.MaxInt64)

// Lane is one FIFO of a queue: the Blocks of a fixed part of its series. Any
// goroutine may add to it through Queue.Put; one, the lane's owner, takes from it.
type Lane struct {
	queue *Queue
	wake  chan struct{} // holds one signal

	// Guarded by the queue's lock.
	waiting fifo  // the newest is open: points are added to it
	flight  fifo  // taken by the owner, not yet delivered; changed by the owner only
	flying  int64 // memory of the Blocks in flight; likewise
	settle  settle
	holding bool // the oldest Block waits for the backend to settle
	stirred bool // Put has something to tell the owner
}

func newLane(q *Queue) *Lane {
	return &Lane{queue: q, wake: make(chan struct{}, 1), settle: settle{pause: q.limits.Settle}}
}

// Wake delivers a signal when there may be more to Take than before.
func (l *Lane) Wake() <-chan struct{} { return l.wake }

// append adds item i of src to the open Block.
func (l *Lane) append(src *Block, i int) {
	b := l.waiting.newest()
	if b == nil || l.full(b) {
		b = l.open()
	}
	before := b.Size()
	b.Take(src, i)
	b.Cover(src)
	if b.Len() == l.queue.limits.Batch {
		l.stirred = true
	}
	if grown := b.Size() - before; grown != 0 {
		l.queue.charge(grown)
		l.queue.trim() // may take b itself
	}
}

// open begins a new Block.
func (l *Lane) open() *Block {
	l.stirred = true
	b := l.queue.pool.getWithin(max(freshBlock, int64(l.queue.maxBlock)))
	l.queue.charge(b.Size())
	l.queue.trim()
	l.waiting.push(b)
	return b
}

// full reports whether the open Block takes no more. In a backlog, and while it
// waits for the backend to settle, it may outgrow the batch: what is bounded then
// is calls, not points.
func (l *Lane) full(b *Block) bool {
	if b.Sent || len(b.Payload)+itemBytes*len(b.Items) >= l.queue.maxBlock {
		return true
	}
	if l.holding || l.waiting.len() >= backlogBlocks {
		return false
	}
	return b.Len() >= l.queue.limits.Batch
}

// signal passes on to the owner what append has noted.
func (l *Lane) signal() {
	if !l.stirred {
		return
	}
	l.stirred = false
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Take gives the oldest Block to the owner when it is due: it is full, or its
// first point has waited for linger, and the backend has settled. Otherwise it
// returns nil and how long nothing can become due but by a signal on Wake,
// Forever when the lane is empty.
//
// Points older than the queue's MaxAge are dropped on the way.
func (l *Lane) Take(now time.Time, linger time.Duration) (*Block, time.Duration) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	l.expire(now)
	b := l.waiting.oldest()
	if b == nil {
		return nil, Forever
	}
	ready := b.Len() >= l.queue.limits.Batch || l.waiting.len() > 1
	if wait := b.Accepted.Add(linger).Sub(now); !ready && wait > 0 {
		return nil, wait
	}
	if wait := l.settle.wait(b, now); wait > 0 {
		l.holding = true
		return nil, wait
	}
	l.holding = false
	l.waiting.pop()
	l.flight.push(b)
	l.flying += b.Size()
	return b, 0
}

// InFlight returns how many Blocks are in flight. Owner only.
func (l *Lane) InFlight() int { return l.flight.len() }

// FlightBytes returns the memory of all Blocks in flight. Owner only.
func (l *Lane) FlightBytes() int64 { return l.flying }

// Send returns the i-th oldest Block in flight to be sent, which counts as resent
// if it was sent before. Owner only; the Block stays unchanged until Delivered or
// Return.
func (l *Lane) Send(i int) *Block {
	b := l.flight.at(i)
	if b.Sent {
		l.queue.mu.Lock()
		l.queue.resent += uint64(b.Len())
		l.queue.mu.Unlock()
	}
	b.Sent = true
	return b
}

// Delivered counts the n oldest Blocks in flight as delivered, rejected of their
// points as complained of, and gives their memory back.
func (l *Lane) Delivered(n, rejected int, now time.Time) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	for range n {
		b := l.flight.pop()
		l.flying -= b.Size()
		l.settle.replied(b, now)
		l.queue.queued -= uint64(b.Len())
		l.queue.delivered += uint64(b.Len())
		l.queue.release(b)
	}
	l.queue.rejected += uint64(rejected)
}

// Return puts the Blocks in flight back to where they came from, before what waits,
// and counts their points as part of a failed call. No call may be under way. From
// then on they may be dropped as any other, the oldest first.
func (l *Lane) Return() {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	for i := range l.flight.len() {
		l.queue.failed += uint64(l.flight.at(i).Len())
	}
	l.waiting.prepend(&l.flight)
	l.flying = 0
}

// expire drops the oldest Blocks that wait as long as they are too old.
func (l *Lane) expire(now time.Time) {
	for b := l.waiting.oldest(); b != nil && now.Sub(b.Accepted) > l.queue.limits.MaxAge; b = l.waiting.oldest() {
		l.queue.drop(l.waiting.pop(), droppedAge)
	}
}
