package queue

import (
	"math/bits"
	"sync"
)

const (
	smallestPayload = 4 << 10 // of a Block from a Pool, bytes
	payloadClasses  = 9       // each twice the one before: the largest is 1 MiB
	// itemShare is how many bytes of payload a new Block has for each Item that it has
	// room for: about what an item takes.
	itemShare = 64
)

// Pool keeps the memory of Blocks for their next use, by size, so that a lane takes
// no more than it needs. What is not used for a while is left to the garbage
// collector. The zero Pool is ready; any number of goroutines may use it.
type Pool struct {
	classes [payloadClasses]sync.Pool // of *Block
}

// Get returns an empty Block with room for n bytes.
func (p *Pool) Get(n int) *Block {
	class := classAbove(n)
	if class >= payloadClasses {
		return newBlock(n)
	}
	if b, ok := p.classes[class].Get().(*Block); ok {
		return b
	}
	return newBlock(smallestPayload << class)
}

func newBlock(payload int) *Block {
	return &Block{Payload: make([]byte, 0, payload), Items: make([]Item, 0, payload/itemShare)}
}

// Put takes a Block that nobody uses any more. One that is larger than all classes,
// for the sake of a single giant item, is dropped.
func (p *Pool) Put(b *Block) {
	class := classBelow(cap(b.Payload))
	if class < 0 || cap(b.Payload) > smallestPayload<<(payloadClasses-1) {
		return
	}
	b.Reset()
	p.classes[class].Put(b)
}

// grow gives b room for n bytes more, and at least twice the memory that it had.
func (p *Pool) grow(b *Block, n int) {
	larger := p.Get(max(2*cap(b.Payload), len(b.Payload)+n))
	larger.Payload = append(larger.Payload, b.Payload...)
	larger.Items = append(larger.Items, b.Items...)
	b.Payload, larger.Payload = larger.Payload, b.Payload
	b.Items, larger.Items = larger.Items, b.Items
	p.Put(larger) // which is the smaller one now
}

// classAbove returns the smallest class whose payloads hold n bytes.
func classAbove(n int) int {
	if n <= smallestPayload {
		return 0
	}
	return bits.Len(uint(n-1) / smallestPayload)
}

// classBelow returns the largest class whose payloads are no larger than n bytes, -1
// if all are larger.
func classBelow(n int) int { return bits.Len(uint(n)/smallestPayload) - 1 }
