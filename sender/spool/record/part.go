package record

import "transfer/sender/queue"

// Largest is up to how many bytes of a Block go into one record. A record of more than
// one item is not larger, so it fits into the smallest segment; damage costs no more
// than that, and a reader needs no more memory.
const Largest = 512 << 10

// Part is the items [From, To) of a Block, which go into one record.
type Part struct{ Block, From, To int }

// Len returns the number of its points.
func (p Part) Len() int { return p.To - p.From }

// Parts appends to parts those of the Blocks, in order, and returns with them how many
// bytes their records take at most. A Block without points has none.
func Parts(parts []Part, blocks []*queue.Block) (all []Part, most int) {
	for i, block := range blocks {
		var bytes int
		parts, bytes = partsOf(parts, i, block)
		most += bytes
	}
	return parts, most
}

// partsOf appends the parts of one Block.
func partsOf(parts []Part, index int, block *queue.Block) (all []Part, most int) {
	whole := mostHead + mostItem*block.Len() + len(block.Payload)
	if whole <= Largest && block.Len() > 0 {
		return append(parts, Part{index, 0, block.Len()}), whole
	}
	from, size := 0, mostHead
	for i := range block.Items {
		item := mostItem + len(block.Item(i))
		if i > from && size+item > Largest {
			parts = append(parts, Part{index, from, i})
			most += size
			from, size = i, mostHead
		}
		size += item
	}
	if from < block.Len() {
		parts = append(parts, Part{index, from, block.Len()})
		most += size
	}
	return parts, most
}
