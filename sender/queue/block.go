// Package queue holds the Block, the unit in which points wait, are sent and are
// stored, and the queue of Blocks of one target.
package queue

import (
	"time"

	"transfer/g/segment"
)

// Item is the place of one encoded point in a Block's payload and the hash of
// its key.
type Item struct {
	End  uint32 // offset behind the item's last byte
	Hash uint32 // by the cluster's ring; CRC-32 where there is none
}

// Block is a run of encoded points for one lane, in the order of acceptance. From
// the pipeline on nobody looks at points any more: queue, retry and re-routing
// move Blocks.
//
// A Block belongs to one goroutine at a time, or to the lock of the queue in
// which it lies.
type Block struct {
	Payload []byte // the items, one after another
	Items   []Item

	charged int64     // bytes of it that its queue has accounted for
	before  uint64    // points that were put into its lane before its first one
	since   time.Time // when it came to its queue, if that is not when it was accepted
	moved   int       // points of it that another queue had accepted
	Sent    bool      // at least once: it may have arrived
	spooled spooled

	First, Last uint64    // lowest and highest sequence number of its points
	Accepted    time.Time // when its first point was accepted; monotonic
}

// spooled says what a Block in memory has to do with its lane's shelves.
type spooled struct {
	end     segment.Position // behind its record; Next is 0 where it has none
	shelf   Shelf            // where its record lies, if it has one
	writing bool             // the spooler has it: it must not change
	gone    bool             // delivered meanwhile: it is free when it is written
	unfit   bool             // the spool can't take it: it stays in memory alone
}

// lie notes that the block's record lies on the shelf, before end.
func (b *Block) lie(shelf Shelf, end segment.Position) { b.spooled.shelf, b.spooled.end = shelf, end }

// isStored reports whether the block has a record on a shelf.
func (b *Block) isStored() bool { return b.spooled.end.Next > 0 }

// liesOn reports whether the block has a record on this shelf.
func (b *Block) liesOn(shelf Shelf) bool { return b.isStored() && b.spooled.shelf == shelf }

// isSafe reports whether the journal need not keep the block's points any more.
func (b *Block) isSafe() bool { return b.isStored() || b.spooled.unfit }

// Len returns the number of points.
func (b *Block) Len() int { return len(b.Items) }

// Item returns the bytes of item i, which alias the payload.
func (b *Block) Item(i int) []byte {
	return b.Payload[b.start(i):b.Items[i].End]
}

// start returns the offset of item i's first byte.
func (b *Block) start(i int) int {
	if i == 0 {
		return 0
	}
	return int(b.Items[i-1].End)
}

// Close ends the item whose bytes were appended to Payload since the last Close.
func (b *Block) Close(hash uint32) {
	b.Items = append(b.Items, Item{End: uint32(len(b.Payload)), Hash: hash})
}

// Take appends item i of src.
func (b *Block) Take(src *Block, i int) {
	b.Payload = append(b.Payload, src.Item(i)...)
	b.Close(src.Items[i].Hash)
}

// room bounds what a Block may hold in all.
type room struct {
	bytes int // payload and Items together
	items int
}

// takes reports whether a Block of so many items may take one more, whose last byte
// lies before the offset end.
func (r room) takes(items, end int) bool {
	return items < r.items && end+itemBytes*(items+1) <= r.bytes
}

// take appends the first of the chosen items of src, and of the others as many as
// its payload's memory and r allow, and returns how many. The caller sees to it that
// the first one fits.
func (b *Block) take(src *Block, chosen []int32, r room) int {
	payload, items := b.Payload, b.Items
	n := 0
	for ; n < len(chosen); n++ {
		item := src.Item(int(chosen[n]))
		end := len(payload) + len(item)
		if n > 0 && (end > cap(payload) || !r.takes(len(items), end)) {
			break
		}
		payload = append(payload, item...)
		items = append(items, Item{End: uint32(end), Hash: src.Items[chosen[n]].Hash})
	}
	b.Payload, b.Items = payload, items
	return n
}

// takeRun is take for all items of src from the given one on, whose bytes it copies
// at once.
func (b *Block) takeRun(src *Block, from int, r room) int {
	start := src.start(from)
	moved := len(b.Payload) - start // from src's offsets to those here
	items := b.Items
	n, stop := 0, start
	for _, item := range src.Items[from:] {
		end := int(item.End) + moved
		if n > 0 && (end > cap(b.Payload) || !r.takes(len(items), end)) {
			break
		}
		items = append(items, Item{End: uint32(end), Hash: item.Hash})
		n, stop = n+1, int(item.End)
	}
	b.Payload, b.Items = append(b.Payload, src.Payload[start:stop]...), items
	return n
}

// remove takes item i out.
func (b *Block) remove(i int) {
	start, end := b.start(i), int(b.Items[i].End)
	b.Payload = append(b.Payload[:start], b.Payload[end:]...)
	b.Items = append(b.Items[:i], b.Items[i+1:]...)
	for j := range b.Items[i:] {
		b.Items[i+j].End -= uint32(end - start)
	}
}

// Cover widens the block's range of sequence numbers and its acceptance time to
// include src's.
func (b *Block) Cover(src *Block) {
	if src.First > 0 && (b.First == 0 || src.First < b.First) {
		b.First = src.First
	}
	b.Last = max(b.Last, src.Last)
	if b.Accepted.IsZero() || src.Accepted.Before(b.Accepted) {
		b.Accepted = src.Accepted
	}
}

// Reset empties the block and keeps its memory.
func (b *Block) Reset() {
	*b = Block{Payload: b.Payload[:0], Items: b.Items[:0]}
}

// itemBytes is the memory of one Item.
const itemBytes = 8

// Size returns the memory that the block holds, in bytes.
func (b *Block) Size() int64 {
	return int64(cap(b.Payload) + itemBytes*cap(b.Items))
}
