package spool

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"transfer/g/segment"
	"transfer/sender/queue"
)

const (
	// largestRecord is up to how many bytes of a Block go into one record. A record of
	// more than one item is not larger, so it fits into the smallest segment; damage
	// costs no more than that, and a Reader needs no more memory.
	largestRecord = 512 << 10
	// keptBatch bounds the memory that a batch keeps for its next use: what 2 MiB of
	// payload take with their items, however small those are.
	keptBatch = 4 << 20
)

// TooLargeError says that an item does not fit into a segment: it cannot be spooled.
type TooLargeError struct {
	Block, Item int // indices, of the Blocks that were appended and in that one
	Bytes       int // of the item
	err         error
}

// Error implements error.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("an item of %d bytes is too large: %v", e.Bytes, e.err)
}

// Unwrap returns the segment.TooLargeError.
func (e *TooLargeError) Unwrap() error { return e.err }

// part is the items [from, to) of a Block.
type part struct{ block, from, to int }

// batch is the memory of one Append: its Blocks as records.
type batch struct {
	parts   []part
	bytes   []byte // of all records
	records []segment.Record
}

// encode makes records of the Blocks, whose points are numbered from first on.
func (b *batch) encode(blocks []*queue.Block, first uint64, now stamps) {
	b.parts, b.bytes, b.records = b.parts[:0], b.bytes[:0], b.records[:0]
	size := 0
	for i, block := range blocks {
		size += b.part(i, block)
	}
	b.bytes = slices.Grow(b.bytes, size) // so that the records stay where they are
	for _, p := range b.parts {
		from := len(b.bytes)
		block := blocks[p.block]
		b.bytes = appendRecord(b.bytes, block, p.from, p.to, now.of(block.Accepted))
		b.records = append(b.records, segment.Record{
			First: first, Count: uint32(p.to - p.from), Payload: b.bytes[from:len(b.bytes):len(b.bytes)],
		})
		first += uint64(p.to - p.from)
	}
}

// part adds the parts of a Block, and returns how many bytes they may take.
func (b *batch) part(index int, block *queue.Block) (most int) {
	whole := mostHead + mostItem*block.Len() + len(block.Payload)
	if whole <= largestRecord && block.Len() > 0 {
		b.parts = append(b.parts, part{index, 0, block.Len()})
		return whole
	}
	from, size := 0, mostHead
	for i := range block.Items {
		item := mostItem + len(block.Item(i))
		if i > from && size+item > largestRecord {
			b.parts = append(b.parts, part{index, from, i})
			most += size
			from, size = i, mostHead
		}
		size += item
	}
	if from < block.Len() {
		b.parts = append(b.parts, part{index, from, block.Len()})
		most += size
	}
	return most
}

// points returns how many points the batch has.
func (b *batch) points() (n int) {
	for _, p := range b.parts {
		n += p.to - p.from
	}
	return n
}

// explain makes the log's error one that names the item. If any record is too large,
// the largest is, and has one item.
func (b *batch) explain(err error) error {
	var tooLarge *segment.TooLargeError
	if !errors.As(err, &tooLarge) {
		return err
	}
	largest := 0
	for i, r := range b.records {
		if len(r.Payload) > len(b.records[largest].Payload) {
			largest = i
		}
	}
	p := b.parts[largest]
	return &TooLargeError{Block: p.block, Item: p.from, Bytes: len(b.records[largest].Payload), err: err}
}

// putBatch keeps a batch for its next use.
func (s *Store) putBatch(b *batch) {
	if cap(b.bytes) > keptBatch {
		b.bytes = nil
	}
	clear(b.records) // they hold on to the bytes
	s.batches.Put(b)
}

// stamps makes the stamps of Blocks at one moment.
type stamps struct {
	now, epoch time.Time
	wall       int64 // of now
}

// stamps returns how Blocks are stamped now.
func (s *Store) stamps() stamps {
	now := s.now()
	return stamps{now: now, epoch: s.epoch, wall: now.UnixNano()}
}

// of returns the stamp of a point accepted at t.
func (s stamps) of(t time.Time) stamp {
	if t.IsZero() {
		t = s.now
	}
	return stamp{wall: uint64(max(0, s.wall-int64(s.now.Sub(t)))), monotonic: int64(t.Sub(s.epoch))}
}
