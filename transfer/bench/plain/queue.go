package plain

import (
	"container/list"
	"sync"
)

// queue is a FIFO with a bound. Its methods may be called from any goroutine.
type queue struct {
	mu    sync.Mutex
	items *list.List
	limit int
}

func newQueue(limit int) *queue {
	return &queue{items: list.New(), limit: limit}
}

// push appends item, or returns false where the queue is full.
func (q *queue) push(item interface{}) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.items.Len() >= q.limit {
		return false
	}
	q.items.PushFront(item)
	return true
}

// pop takes the oldest items off, up to most of them.
func (q *queue) pop(most int) []interface{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(most, q.items.Len())
	items := make([]interface{}, 0, n)
	for i := 0; i < n; i++ {
		items = append(items, q.items.Remove(q.items.Back()))
	}
	return items
}
