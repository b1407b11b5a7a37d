// Package record is the form in which a Block, or a part of one, is stored: by the spools
// on disk and by the streams in Redis.
package record

import (
	"encoding/binary"
	"errors"
	"math"

	"transfer/sender/queue"
)

// Layout of a record, which holds a Block or a part of one; how many items that are,
// whoever stores it says:
//
//	first     uvarint  lowest sequence number of the journal in the Block
//	last      uvarint  highest, less first
//	wall      uvarint  when the first point was accepted, ns since 1970
//	monotonic varint   the same, ns since the Clock of its process was made
//	items     each its length as uvarint, then 4 bytes of hash, little-endian
//	payload   the items' bytes
const (
	mostHead  = 4 * binary.MaxVarintLen64
	mostItem  = binary.MaxVarintLen32 + hashBytes
	leastItem = 1 + hashBytes
	hashBytes = 4
)

// Append appends the record of the items [from, to) of the Block.
func Append(dst []byte, b *queue.Block, from, to int, accepted Stamp) []byte {
	dst = binary.AppendUvarint(dst, b.First)
	dst = binary.AppendUvarint(dst, b.Last-b.First)
	dst = binary.AppendUvarint(dst, accepted.Wall)
	dst = binary.AppendVarint(dst, accepted.Monotonic)
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

// ErrIllegible says that a record is none of this layout.
var ErrIllegible = errors.New("it is no record of a Block")

// Decode fills the Block, which is empty, with the record of so many items, and returns
// when it was accepted. It takes no more memory than the record has bytes, twice.
// errors.Is: ErrIllegible; what the Block holds then means nothing.
func Decode(b *queue.Block, record []byte, items uint32) (Stamp, error) {
	var fields [3]uint64
	for i := range fields {
		n := 0
		if fields[i], n = binary.Uvarint(record); n <= 0 {
			return Stamp{}, ErrIllegible
		}
		record = record[n:]
	}
	monotonic, n := binary.Varint(record)
	record = record[max(n, 0):]
	if n <= 0 || fields[2] > math.MaxInt64 || int64(len(record)) < leastItem*int64(items) || len(record) > math.MaxUint32 {
		return Stamp{}, ErrIllegible
	}
	b.First, b.Last = fields[0], fields[0]+fields[1]
	payload, err := decodeItems(b, record, int(items))
	if err != nil {
		return Stamp{}, err
	}
	b.Payload = append(b.Payload[:0], payload...)
	return Stamp{Wall: fields[2], Monotonic: monotonic}, nil
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
			return nil, ErrIllegible
		}
		end += length
		b.Items[i] = queue.Item{End: uint32(end), Hash: binary.LittleEndian.Uint32(record[n:])}
		record = record[n+hashBytes:]
	}
	if end != uint64(len(record)) {
		return nil, ErrIllegible
	}
	return record, nil
}
