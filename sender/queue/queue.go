package queue

import (
	"sync"
	"sync/atomic"
	"time"
)

// Limits are the bounds of one target's queue.
type Limits struct {
	Batch  int           // points after which a Block is due, unless a backlog drains
	Bytes  int64         // memory of all its Blocks
	MaxAge time.Duration // from acceptance; older points are dropped
	Settle time.Duration // pause between Blocks that share a series; 0: none
}

const (
	// maxBlock ends a Block whatever its number of points: no call gets larger, but
	// for a single item that is.
	maxBlock = 1 << 20
	// blockShare is the part of the queue's bytes that one Block of each lane may
	// take: what is in flight cannot be dropped.
	blockShare = 8
	// backlogBlocks is how many Blocks must wait in a lane before the newest may
	// outgrow Limits.Batch: a backlog drains in large calls.
	backlogBlocks = 2
	// ageShare is the part of Limits.MaxAge in which a Block's points come.
	ageShare = 64
)

// Queue holds what waits for one target: a FIFO of Blocks for each lane, and the
// target's account. Every field but bytes is guarded by mu, which is never held
// over I/O.
type Queue struct {
	// What each Put looks at comes first: with hundreds of targets that is seldom in
	// the processor's nearest cache.
	mu       sync.Mutex
	accepted uint64
	bytes    atomic.Int64  // memory of the Blocks; changed under mu
	maxBlock int           // bytes, items included, at which a Block is full
	span     time.Duration // from a Block's first point to its last
	limits   Limits
	spillAt  atomic.Int64 // bytes from which on the spooler is to look

	budget    *Budget
	pool      *Pool
	lanes     []*Lane
	spools    atomic.Bool   // all lanes have a spool
	refused   bool          // the spools take nothing at present
	asked     atomic.Bool   // the target is to turn spooled
	spill     chan struct{} // holds one signal, for the spooler
	delivered uint64
	replayed  uint64
	movedIn   uint64
	movedOut  uint64
	dropped   [numReasons]uint64
	others    map[string]uint64 // dropped for reasons of which only a ledger of the past knows
	resent    uint64
	failed    uint64
	rejected  uint64
}

// New returns the queue of a target with so many lanes, at least 1, which takes
// its memory from budget.
func New(limits Limits, lanes int, budget *Budget, pool *Pool) *Queue {
	q := &Queue{budget: budget, pool: pool, spill: make(chan struct{}, 1)}
	for range lanes {
		q.lanes = append(q.lanes, newLane(q, limits.Settle))
	}
	q.bound(limits)
	budget.join(q)
	return q
}

func (q *Queue) bound(limits Limits) {
	q.limits, q.span = limits, limits.MaxAge/ageShare
	q.maxBlock = int(min(maxBlock, limits.Bytes/int64(blockShare*len(q.lanes))))
	q.spillAt.Store(limits.Bytes / spillShare)
}

// Lanes returns the queue's lanes.
func (q *Queue) Lanes() []*Lane { return q.lanes }

// LaneOf returns which of so many lanes a series belongs to: always the same one.
func LaneOf(hash uint32, lanes int) int {
	const golden = 0x9E3779B1 // 2^32 over the golden ratio: spreads the ring's neighbours
	return int(uint64(hash*golden) * uint64(lanes) >> 32)
}

// accept locks the queue, counts points that are being put, and returns the memory
// held so far.
func (q *Queue) accept(points int) (held int64) {
	q.mu.Lock()
	q.accepted += uint64(points)
	return q.bytes.Load()
}

// decline unlocks the queue and takes back what accept counted.
func (q *Queue) decline(points int) {
	q.accepted -= uint64(points)
	q.mu.Unlock()
}

// SetLimits changes the bounds of a queue in use.
func (q *Queue) SetLimits(limits Limits) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bound(limits)
	q.trim()
}

// Close ends the queue's part in the budget. What it holds is given back to that; nothing
// may be put or taken any more.
func (q *Queue) Close() {
	q.budget.leave(q)
	q.budget.used.Add(-q.bytes.Swap(0))
}

// charge accounts for the memory that b has been given, for which others may have to
// go, or b itself.
func (q *Queue) charge(b *Block) {
	grown := b.Size() - b.charged
	if grown == 0 {
		return
	}
	b.charged += grown
	q.bytes.Add(grown)
	q.budget.used.Add(grown)
	q.trim()
}

// release gives a Block's memory back.
func (q *Queue) release(b *Block) {
	q.bytes.Add(-b.charged)
	q.budget.used.Add(-b.charged)
	q.pool.Put(b)
}

// grew is called without the lock when the queue's memory has grown.
func (q *Queue) grew() {
	if q.bytes.Load() >= q.spillAt.Load() && q.spools.Load() {
		q.Look()
	}
	q.budget.relieve()
}

const (
	// spillShare is the part of the queue's bytes from which on the spooler is to look.
	spillShare = 2
	// spillRoom is how many times the queue's bytes there may be in memory while the
	// spooler writes.
	spillRoom = 2
)

// most returns how many bytes there may be in memory.
func (q *Queue) most() int64 {
	if q.spools.Load() && !q.refused {
		return spillRoom * q.limits.Bytes
	}
	return q.limits.Bytes
}

// trim drops the oldest Blocks until the queue is within its bytes.
func (q *Queue) trim() {
	for q.bytes.Load() > q.most() && q.dropOldest(DroppedCap) {
	}
}

// giveWay drops the queue's oldest Block for the sake of the budget.
func (q *Queue) giveWay() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropOldest(DroppedMemory)
}

// dropOldest drops the oldest Block of all lanes that may go. Blocks in flight stay:
// the backend may be taking them.
func (q *Queue) dropOldest(reason Reason) bool {
	var from *fifo
	var oldest time.Time
	for _, l := range q.lanes {
		if f, b := l.droppable(); b != nil && (from == nil || b.Accepted.Before(oldest)) {
			from, oldest = f, b.Accepted
		}
	}
	if from == nil {
		return false
	}
	q.drop(from.pop(), reason)
	return true
}

func (q *Queue) drop(b *Block, reason Reason) {
	q.dropped[reason] += uint64(b.Len())
	q.release(b)
}
