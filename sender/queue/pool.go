package queue

import "sync"

const (
	firstPayload = 4 << 10  // a new block's payload, bytes
	firstItems   = 32       // and its items
	keptPayload  = 64 << 10 // a larger block is left to the garbage collector
)

// Pool keeps the memory of Blocks for their next use. The zero Pool is ready.
type Pool struct{ blocks sync.Pool }

// Get returns an empty Block.
func (p *Pool) Get() *Block {
	if b, ok := p.blocks.Get().(*Block); ok {
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
