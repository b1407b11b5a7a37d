package segment

import (
	"encoding/binary"
	"hash/crc32"
	"math"
)

// Record is a run of points as the log keeps it.
type Record struct {
	// First is the sequence number of its first point, from 1 on. It is the one
	// behind the record before.
	First uint64
	// Count is how many points, and sequence numbers, the record has. A record
	// without points, 0, stands before the point First.
	Count uint32
	// Schema says to the owner what the payload is.
	Schema uint8
	// Payload is the owner's own.
	Payload []byte
}

// Next returns the sequence number behind the record's last.
func (r Record) Next() uint64 { return r.First + uint64(r.Count) }

// Layout of a record, little-endian, begun at a multiple of recordAlign so that a
// search for the next one after damage is cheap:
//
//	magic   4 bytes
//	length  4 of the payload
//	first   8 sequence number
//	count   4
//	schema  4
//	sum     4 CRC-32C over the fields above and the payload
//	check   4 CRC-32C over the fields above, sum included
//	payload, then zeros up to the next multiple of recordAlign
//
// Both checksums are seeded with the segment's generation. The check is why a length
// can be trusted although the payload may be damaged: damage to a payload leads
// nobody astray, and no length makes a reader allocate for nothing.
const (
	recordAlign  = 8
	recordHeader = 32
	recordMagic  = "\xf5rec" // in no UTF-8 text
	summedHeader = 24
)

// recordBytes returns how many bytes of a file a payload of so many bytes takes.
func recordBytes(payload int) int64 { return alignUp(recordHeader + int64(payload)) }

// recordsBytes returns how many bytes of a file the records take.
func recordsBytes(records []Record) int64 {
	var sum int64
	for _, r := range records {
		sum += recordBytes(len(r.Payload))
	}
	return sum
}

// alignUp returns the lowest multiple of recordAlign from n on.
func alignUp(n int64) int64 { return (n + recordAlign - 1) &^ (recordAlign - 1) }

// appendHeader appends the header of the record.
func (r Record) appendHeader(dst []byte, seed uint32) []byte {
	from := len(dst)
	dst = append(dst, recordMagic...)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(r.Payload)))
	dst = binary.LittleEndian.AppendUint64(dst, r.First)
	dst = binary.LittleEndian.AppendUint32(dst, r.Count)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(r.Schema))
	sum := crc32.Update(seed, castagnoli(), dst[from:])
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Update(sum, castagnoli(), r.Payload))
	return binary.LittleEndian.AppendUint32(dst, crc32.Update(seed, castagnoli(), dst[from:]))
}

// appendPadding appends the zeros that follow the record's payload.
func (r Record) appendPadding(dst []byte) []byte {
	const zeros = "\x00\x00\x00\x00\x00\x00\x00"
	return append(dst, zeros[:recordBytes(len(r.Payload))-recordHeader-int64(len(r.Payload))]...)
}

// recordHead is a record's header as read from a file.
type recordHead struct {
	first  uint64
	count  uint32
	length uint32
	schema uint8
	sum    uint32 // of header and payload, wanted
	partly uint32 // of the header alone, found
}

// decodeRecord reads the header of a record. ok is false where b does not begin with
// one of the generation that the seed belongs to.
func decodeRecord(b []byte, seed uint32) (h recordHead, ok bool) {
	if len(b) < recordHeader || string(b[:4]) != recordMagic ||
		binary.LittleEndian.Uint32(b[28:]) != crc32.Update(seed, castagnoli(), b[:28]) {
		return recordHead{}, false
	}
	schema := binary.LittleEndian.Uint32(b[20:])
	h = recordHead{
		length: binary.LittleEndian.Uint32(b[4:]),
		first:  binary.LittleEndian.Uint64(b[8:]),
		count:  binary.LittleEndian.Uint32(b[16:]),
		schema: uint8(schema),
		sum:    binary.LittleEndian.Uint32(b[24:]),
		partly: crc32.Update(seed, castagnoli(), b[:summedHeader]),
	}
	return h, schema <= math.MaxUint8 && h.first > 0 && h.first <= math.MaxUint64-uint64(h.count)
}

// bytes returns how many bytes of the file the record takes.
func (h recordHead) bytes() int64 { return recordBytes(int(h.length)) }

// holds reports whether the payload is the one that the header was written for.
func (h recordHead) holds(payload []byte) bool {
	return crc32.Update(h.partly, castagnoli(), payload) == h.sum
}

// record returns the record with its payload.
func (h recordHead) record(payload []byte) Record {
	return Record{First: h.first, Count: h.count, Schema: h.schema, Payload: payload}
}
