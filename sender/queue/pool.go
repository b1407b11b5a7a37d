package queue

import "sync"

const (
	firstPayload = 4 << 10  // a new block's payload, bytes
	firstItems   = 32       // and its items
	keptPayload  = 64 << 10 // a larger block is left to the garbage collector
	freshBlock   = firstPayload + itemBytes*firstItems
)

// Pool keeps the memory of Blocks for their next use. The zero Pool is ready.
type Pool struct{ blocks sync.Pool }

// Get returns an empty Block.
func (p *Pool) Get() *Block { return p.getWithin(keptPayload * 2) }

// getWithin returns an empty Block that holds at most so many bytes, or a new one:
// what a Block grew to in a large queue must not fill a small one.
func (p *Pool) getWithin(most int64) *Block {
	if b, ok := p.blocks.Get().(*Block); ok && b.Size() <= most {
		return b
	}
	return &Block{Payload: make([]byte, 0, firstPayload), Items: make([]Item, 0, firstItems)}
}

// Put takes a Block that nobody uses any more.
func (p *Pool) Put(b *Block) {
	if cap(b.Payload) > keptPayload {
		return
	}
	b.Reset()
	p.blocks.Put(b)
}
