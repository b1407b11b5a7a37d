package queue

import (
	"sync"
	"sync/atomic"
	"time"

	"transfer/g/stat"
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

// The reasons for which points are dropped, as indices of the ledger.
const (
	droppedCap    = iota // the target's queueBytes
	droppedMemory        // the budget of all queues
	droppedAge           // maxAge
	numDropped
)

func dropReasons() [numDropped]string {
	return [numDropped]string{droppedCap: "cap", droppedMemory: "memory", droppedAge: "age"}
}

// Queue holds what waits for one target: a FIFO of Blocks for each lane, and the
// target's account. Every field but bytes is guarded by mu, which is never held
// over I/O.
type Queue struct {
	// What each Put looks at comes first: with hundreds of targets that is seldom in
	// the processor's nearest cache.
	mu       sync.Mutex
	accepted uint64
	queued   uint64
	bytes    atomic.Int64  // memory of the Blocks; changed under mu
	maxBlock int           // bytes, items included, at which a Block is full
	span     time.Duration // from a Block's first point to its last
	limits   Limits

	budget    *Budget
	pool      *Pool
	lanes     []*Lane
	delivered uint64
	dropped   [numDropped]uint64
	resent    uint64
	failed    uint64
	rejected  uint64
}

// New returns the queue of a target with so many lanes, at least 1, which takes
// its memory from budget.
func New(limits Limits, lanes int, budget *Budget, pool *Pool) *Queue {
	q := &Queue{limits: limits, span: limits.MaxAge / ageShare, budget: budget, pool: pool}
	q.maxBlock = int(min(maxBlock, limits.Bytes/int64(blockShare*lanes)))
	for range lanes {
		q.lanes = append(q.lanes, newLane(q))
	}
	budget.join(q)
	return q
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
	q.queued += uint64(points)
	return q.bytes.Load()
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

// trim drops the oldest Blocks until the queue is within its bytes.
func (q *Queue) trim() {
	for q.bytes.Load() > q.limits.Bytes && q.dropOldest(droppedCap) {
	}
}

// giveWay drops the queue's oldest Block for the sake of the budget.
func (q *Queue) giveWay() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropOldest(droppedMemory)
}

// dropOldest drops the oldest waiting Block of all lanes. Blocks in flight stay:
// the backend may be taking them.
func (q *Queue) dropOldest(reason int) bool {
	var from *Lane
	var oldest time.Time
	for _, l := range q.lanes {
		if b := l.waiting.oldest(); b != nil && (from == nil || b.Accepted.Before(oldest)) {
			from, oldest = l, b.Accepted
		}
	}
	if from == nil {
		return false
	}
	q.drop(from.waiting.pop(), reason)
	return true
}

func (q *Queue) drop(b *Block, reason int) {
	q.queued -= uint64(b.Len())
	q.dropped[reason] += uint64(b.Len())
	q.release(b)
}

// Account is a queue's state, read in one piece.
type Account struct {
	stat.Ledger
	Bytes  int64
	Oldest time.Time // acceptance of the oldest point queued; zero: none
}

// Account returns the ledger and what is queued.
func (q *Queue) Account() Account {
	q.mu.Lock()
	defer q.mu.Unlock()
	a := Account{
		Ledger: stat.Ledger{
			Accepted: q.accepted, Delivered: q.delivered, Queued: q.queued,
			Dropped: make(map[string]uint64),
			Resent:  q.resent, Failed: q.failed, Rejected: q.rejected,
		},
		Bytes: q.bytes.Load(),
	}
	for reason, name := range dropReasons() {
		if n := q.dropped[reason]; n > 0 {
			a.Dropped[name] = n
		}
	}
	for _, l := range q.lanes {
		for _, b := range []*Block{l.flight.oldest(), l.waiting.oldest()} {
			if b != nil && (a.Oldest.IsZero() || b.Accepted.Before(a.Oldest)) {
				a.Oldest = b.Accepted
			}
		}
	}
	return a
}
