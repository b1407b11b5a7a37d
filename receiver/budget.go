package receiver

import (
	"sync/atomic"

	"transfer/g"
)

// requestsInFull is how many requests of the largest size may be in memory at
// once.
const requestsInFull = 4

// budget bounds the memory in which large requests are read, all connections of
// a receiver together. Requests of up to readBytes don't draw on it.
type budget struct {
	left atomic.Int64 // bytes
}

func newBudget(limits g.Limits) *budget {
	b := new(budget)
	b.left.Store(requestsInFull * int64(limits.RequestBytes))
	return b
}

// take reserves n bytes and reports whether there were as many.
func (b *budget) take(n int) bool {
	if b.left.Add(-int64(n)) >= 0 {
		return true
	}
	b.give(n)
	return false
}

// give returns n bytes that were taken.
func (b *budget) give(n int) { b.left.Add(int64(n)) }
