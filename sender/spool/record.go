package spool

import (
	"encoding/binary"
	"errors"
	"math"

	"transfer/sender/queue"
)

// Layout of a record, which holds a Block or a part of one; how many items that are,
// the segment's record says:
//
//	first     uvarint  lowest sequence number of the journal in the Block
//	last      uvarint  highest, less first
//	wall      uvarint  when the first point was accepted, ns since 1970
//	monotonic varint   the same, ns since the Store was opened
//	items     each its length as uvarint, then 4 bytes of hash, little-endian
//	payload   the items' bytes
const (
	mostHead  = 4 * binary.MaxVarintLen64
	mostItem  = binary.MaxVarintLen32 + hashBytes
	leastItem = 1 + hashBytes
	hashBytes = 4
)

// stamp is the time of a point's acceptance by two clocks: the wall's, which other
// processes understand, and that of this process, which nobody sets.
type stamp struct {
	wall      uint64 // ns since 1970
	monotonic int64  // ns since the Store was opened
}

// appendRecord appends the record of the items [from, to) of the Block.
func appendRecord(dst []byte, b *queue.Block, from, to int, accepted stamp) []byte {
	dst = binary.AppendUvarint(dst, b.First)
	dst = binary.AppendUvarint(dst, b.Last-b.First)
	dst = binary.AppendUvarint(dst, accepted.wall)
	dst = binary.AppendVarint(dst, accepted.monotonic)
	begin := start(b, from)
	end := begin
	for _, item := range b.Items[from:to] {
		dst = binary.AppendUvarint(dst, uint64(item.End-end))
		dst = binary.LittleEndian.AppendUint32(dst, item.Hash)
		end = item.End
	}
	return append(dst, b.Payload[begin:end]...)
}

// start returns the offset of item i's first byte.
func start(b *queue.Block, i int) uint32 {
	if i == 0 {
		return 0
	}
	return b.Items[i-1].End
}

// errIllegible says that a record is none of this layout.
var errIllegible = errors.New("it is no record of a Block")

// decodeRecord fills the Block, which is empty, with the record of so many items. It
// takes no more memory than the record has bytes, twice.
func decodeRecord(b *queue.Block, record []byte, items uint32) (stamp, error) {
	var fields [3]uint64
	for i := range fields {
		n := 0
		if fields[i], n = binary.Uvarint(record); n <= 0 {
			return stamp{}, errIllegible
		}
		record = record[n:]
	}
	monotonic, n := binary.Varint(record)
	record = record[max(n, 0):]
	if n <= 0 || fields[2] > math.MaxInt64 || int64(len(record)) < leastItem*int64(items) || len(record) > math.MaxUint32 {
		return stamp{}, errIllegible
	}
	b.First, b.Last = fields[0], fields[0]+fields[1]
	payload, err := decodeItems(b, record, int(items))
	if err != nil {
		return stamp{}, err
	}
	b.Payload = append(b.Payload[:0], payload...)
	return stamp{wall: fields[2], monotonic: monotonic}, nil
}

// decodeItems sets the Block's items and returns the rest of the record, their bytes.
func decodeItems(b *queue.Block, record []byte, items int) ([]byte, error) {
	if cap(b.Items) < items {
		b.Items = make([]queue.Item, 0, items)
	}
	b.Items = b.Items[:items]
	end := uint64(0)
	for i := range b.Items {
		length, n := binary.Uvarint(record)
		if n <= 0 || length > math.MaxUint32 || len(record) < n+hashBytes {
			return nil, errIllegible
		}
		end += length
		b.Items[i] = queue.Item{End: uint32(end), Hash: binary.LittleEndian.Uint32(record[n:])}
		record = record[n+hashBytes:]
	}
	if end != uint64(len(record)) {
		return nil, errIllegible
	}
	return record, nil
}
