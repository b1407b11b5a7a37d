package queue

import "slices"

// fifo is a first-in first-out list of Blocks that reuses its memory.
type fifo struct {
	blocks []*Block
	head   int    // index of the oldest
	last   *Block // the newest, to be at hand; nil: none
}

func (f *fifo) len() int { return len(f.blocks) - f.head }

// at returns the i-th oldest block.
func (f *fifo) at(i int) *Block { return f.blocks[f.head+i] }

func (f *fifo) oldest() *Block {
	if f.len() == 0 {
		return nil
	}
	return f.at(0)
}

func (f *fifo) newest() *Block { return f.last }

func (f *fifo) push(b *Block) {
	if f.head > 0 && len(f.blocks) == cap(f.blocks) {
		n := copy(f.blocks, f.blocks[f.head:])
		clear(f.blocks[n:])
		f.blocks, f.head = f.blocks[:n], 0
	}
	f.blocks, f.last = append(f.blocks, b), b
}

// prepend moves all blocks of g, in their order, before those of f.
func (f *fifo) prepend(g *fifo) {
	if f.last == nil {
		f.last = g.last
	}
	f.blocks = slices.Insert(f.blocks, f.head, g.blocks[g.head:]...)
	clear(g.blocks)
	g.blocks, g.head, g.last = g.blocks[:0], 0, nil
}

// remove takes out the blocks of which gone says so.
func (f *fifo) remove(gone func(b *Block) bool) {
	kept := slices.DeleteFunc(f.blocks[f.head:], gone)
	f.blocks = f.blocks[:f.head+len(kept)]
	f.last = nil
	if len(kept) > 0 {
		f.last = kept[len(kept)-1]
	}
}

func (f *fifo) pop() *Block {
	b := f.blocks[f.head]
	f.blocks[f.head] = nil
	f.head++
	if f.head == len(f.blocks) {
		f.blocks, f.head, f.last = f.blocks[:0], 0, nil
	}
	return b
}
