// Package queue holds the Block, the unit in which points wait, are sent and are
// stored, and the queue of Blocks of one target.
package queue

import "time"

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
	Payload     []byte // the items, one after another
	Items       []Item
	First, Last uint64    // lowest and highest sequence number of its points
	Accepted    time.Time // when its first point was accepted; monotonic
	Sent        bool      // at least once: it may have arrived, and takes no more points
}

// Len returns the number of points.
func (b *Block) Len() int { return len(b.Items) }

// Item returns the bytes of item i, which alias the payload.
func (b *Block) Item(i int) []byte {
	from := uint32(0)
	if i > 0 {
		from = b.Items[i-1].End
	}
	return b.Payload[from:b.Items[i].End]
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

// Cover widens the block's range of sequence numbers and its acceptance time to
// include src's.
func (b *Block) Cover(src *Block) {
	if b.First == 0 || src.First < b.First {
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
