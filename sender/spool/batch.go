package spool

import (
	"errors"
	"fmt"
	"slices"

	"transfer/g/segment"
	"transfer/sender/queue"
	"transfer/sender/spool/record"
)

// keptBatch bounds the memory that a batch keeps for its next use: what 2 MiB of
// payload take with their items, however small those are.
const keptBatch = 4 << 20

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

// batch is the memory of one Append: its Blocks as records.
type batch struct {
	parts   []record.Part
	bytes   []byte // of all records
	records []segment.Record
}

// encode makes records of the Blocks, whose points are numbered from first on.
func (b *batch) encode(blocks []*queue.Block, first uint64, now record.Stamps) {
	size := 0
	b.parts, size = record.Parts(b.parts[:0], blocks)
	b.bytes, b.records = b.bytes[:0], b.records[:0]
	b.bytes = slices.Grow(b.bytes, size) // so that the records stay where they are
	for _, p := range b.parts {
		from := len(b.bytes)
		block := blocks[p.Block]
		b.bytes = record.Append(b.bytes, block, p.From, p.To, now.Of(block.Accepted))
		b.records = append(b.records, segment.Record{
			First: first, Count: uint32(p.Len()), Payload: b.bytes[from:len(b.bytes):len(b.bytes)],
		})
		first += uint64(p.Len())
	}
}

// points returns how many points the batch has.
func (b *batch) points() (n int) {
	for _, p := range b.parts {
		n += p.Len()
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
	return &TooLargeError{Block: p.Block, Item: p.From, Bytes: len(b.records[largest].Payload), err: err}
}

// putBatch keeps a batch for its next use.
func (s *Store) putBatch(b *batch) {
	if cap(b.bytes) > keptBatch {
		b.bytes = nil
	}
	clear(b.records) // they hold on to the bytes
	s.batches.Put(b)
}
