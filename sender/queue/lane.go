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
	waiting fifo // the newest is open: points are added to it
	flight  fifo // taken by the owner, not yet delivered; changed by the owner only
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
	if grown := b.Size() - before; grown != 0 {
		l.queue.charge(grown)
	}
	if b.Len() == l.queue.limits.Batch {
		l.stirred = true
	}
}

// open begins a new Block. The queue's bound is met here, a Block at a time.
func (l *Lane) open() *Block {
	l.stirred = true
	b := l.queue.pool.Get()
	l.queue.charge(b.Size())
	l.queue.trim()
	l.waiting.push(b)
	return b
}

// full reports whether the open Block takes no more. In a backlog, and while it
// waits for the backend to settle, it may outgrow the batch: what is bounded then
// is calls, not points.
func (l *Lane) full(b *Block) bool {
	if len(b.Payload)+itemBytes*len(b.Items) >= l.queue.maxBlock {
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
	l.expire(&l.waiting, now)
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
	return b, 0
}

// InFlight returns how many Blocks are in flight. Owner only.
func (l *Lane) InFlight() int { return l.flight.len() }

// FlightBytes returns the payload of all Blocks in flight. Owner only.
func (l *Lane) FlightBytes() int {
	n := 0
	for i := range l.flight.len() {
		n += len(l.flight.at(i).Payload)
	}
	return n
}

// Flight returns the i-th oldest Block in flight. Owner only; the Block stays
// unchanged until Delivered or Expire.
func (l *Lane) Flight(i int) *Block { return l.flight.at(i) }

// Delivered counts the n oldest Blocks in flight as delivered, rejected of their
// points as complained of, and gives their memory back.
func (l *Lane) Delivered(n, rejected int, now time.Time) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	for range n {
		b := l.flight.pop()
		l.settle.replied(b, now)
		l.queue.queued -= uint64(b.Len())
		l.queue.delivered += uint64(b.Len())
		l.queue.release(b)
	}
	l.queue.rejected += uint64(rejected)
}

// Failed counts the points of all Blocks in flight as part of a failed call.
func (l *Lane) Failed() {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	for i := range l.flight.len() {
		l.queue.failed += uint64(l.flight.at(i).Len())
	}
}

// Resent counts points that are sent again.
func (l *Lane) Resent(points int) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	l.queue.resent += uint64(points)
}

// Expire drops the Blocks that are older than the queue's MaxAge, those in flight
// too: no call may be under way. It returns how many Blocks in flight went.
func (l *Lane) Expire(now time.Time) int {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	n := l.expire(&l.flight, now)
	if l.flight.len() == 0 {
		l.expire(&l.waiting, now)
	}
	return n
}

// expire drops the oldest Blocks of f as long as they are too old.
func (l *Lane) expire(f *fifo, now time.Time) int {
	n := 0
	for b := f.oldest(); b != nil && now.Sub(b.Accepted) > l.queue.limits.MaxAge; b = f.oldest() {
		l.queue.drop(f.pop(), droppedAge)
		n++
	}
	return n
}
