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
	// maxBlock ends a Block whatever its number of points: no call gets larger
	// than this and one item.
	maxBlock = 1 << 20
	// blockShare is the part of the queue's bytes that one Block of each lane may
	// take: what is in flight cannot be dropped.
	blockShare = 8
	// backlogBlocks is how many Blocks must wait in a lane before the newest may
	// outgrow Limits.Batch: a backlog drains in large calls.
	backlogBlocks = 8
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
	limits   Limits
	maxBlock int // bytes, items included, at which a Block is full
	budget   *Budget
	pool     *Pool
	lanes    []*Lane
	bytes    atomic.Int64 // memory of the Blocks; changed under mu

	mu        sync.Mutex
	accepted  uint64
	delivered uint64
	queued    uint64
	dropped   [numDropped]uint64
	resent    uint64
	failed    uint64
	rejected  uint64
}

// New returns the queue of a target with so many lanes, at least 1, which takes
// its memory from budget.
func New(limits Limits, lanes int, budget *Budget, pool *Pool) *Queue {
	q := &Queue{limits: limits, budget: budget, pool: pool}
	q.maxBlock = int(min(maxBlock, limits.Bytes/int64(blockShare*lanes)))
	for range lanes {
		q.lanes = append(q.lanes, newLane(q))
	}
	budget.join(q)
	return q
}

// Lanes returns the queue's lanes.
func (q *Queue) Lanes() []*Lane { return q.lanes }

// Put copies the chosen items of src, in order, to their lanes; src stays the
// caller's. When the queue's bytes are used up, its oldest points go.
func (q *Queue) Put(src *Block, items []int32) {
	q.mu.Lock()
	q.accepted += uint64(len(items))
	q.queued += uint64(len(items))
	for _, i := range items {
		q.lane(src.Items[i].Hash).append(src, int(i))
	}
	for _, l := range q.lanes {
		l.signal()
	}
	q.mu.Unlock()
	q.budget.relieve()
}

// lane returns the lane of a series: always the same one.
func (q *Queue) lane(hash uint32) *Lane {
	if len(q.lanes) == 1 {
		return q.lanes[0]
	}
	const golden = 0x9E3779B1 // 2^32 over the golden ratio: spreads the ring's neighbours
	return q.lanes[uint64(hash*golden)*uint64(len(q.lanes))>>32]
}

// charge accounts for memory taken or given back.
func (q *Queue) charge(bytes int64) {
	q.bytes.Add(bytes)
	q.budget.used.Add(bytes)
}

// release gives a Block's memory back.
func (q *Queue) release(b *Block) {
	q.charge(-b.Size())
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
