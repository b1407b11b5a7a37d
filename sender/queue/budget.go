package queue

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Budget bounds the memory of all queues together: when it is used up, the
// fullest queue gives up its oldest points.
type Budget struct {
	limit atomic.Int64
	used  atomic.Int64

	mu     sync.Mutex // held while the fullest queue is sought
	queues []*Queue
}

// NewBudget returns a Budget of limit bytes.
func NewBudget(limit int64) *Budget {
	b := &Budget{}
	b.SetLimit(limit)
	return b
}

// SetLimit changes the limit, in bytes.
func (b *Budget) SetLimit(limit int64) { b.limit.Store(limit) }

// Limit returns the limit, in bytes.
func (b *Budget) Limit() int64 { return b.limit.Load() }

// Used returns the bytes that all queues hold.
func (b *Budget) Used() int64 { return b.used.Load() }

func (b *Budget) join(q *Queue) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.queues = append(b.queues, q)
}

func (b *Budget) leave(q *Queue) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.queues = slices.DeleteFunc(b.queues, func(other *Queue) bool { return other == q })
}

// relieve makes the fullest queues give way until the budget is met or nothing
// is left that may go. When it is nearly used up, the fullest one turns to its spool,
// so that nothing has to go. No queue's lock may be held.
func (b *Budget) relieve() {
	used, limit := b.used.Load(), b.limit.Load()
	if used <= limit-limit/nearlyShare {
		return
	}
	b.spillFullest()
	if used <= limit {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var spent []*Queue // all that they hold is in flight
	for b.used.Load() > limit {
		q := b.fullest(spent)
		if q == nil {
			return
		}
		if !q.giveWay() {
			spent = append(spent, q)
		}
	}
}

// nearlyShare is the part of the budget that is left when it is nearly used up.
const nearlyShare = 4

// spillFullest asks the fullest queue that has a spool and was not asked yet to use it.
func (b *Budget) spillFullest() {
	if !b.mu.TryLock() {
		return // somebody else does
	}
	defer b.mu.Unlock()
	var asked []*Queue
	for q := b.fullest(nil); q != nil; q = b.fullest(asked) {
		if q.spools.Load() && !q.asked.Load() {
			q.Ask()
			return
		}
		asked = append(asked, q)
	}
}

// fullest returns the queue with the most bytes, other than those spent; nil when
// none holds any.
func (b *Budget) fullest(spent []*Queue) *Queue {
	var fullest *Queue
	var most int64
	for _, q := range b.queues {
		if n := q.bytes.Load(); n > most && !slices.Contains(spent, q) {
			fullest, most = q, n
		}
	}
	return fullest
}
