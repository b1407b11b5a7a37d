package segment

import (
	"encoding/binary"
	"hash/crc32"
	"time"
)

// Layout of a segment file. The copies of the header lie in different pages, so that
// one bad page costs neither the segment nor more than the records in it.
const (
	secondCopy  = 4 << 10 // offset of the header's second copy
	recordsFrom = 8 << 10 // offset of the first record
)

// Layout of the header, little-endian, the last field the CRC-32C of those before it:
//
//	magic      8 bytes
//	version    4, then the lengths of owner and encoding, 1 each, and 2 zero bytes
//	number     8
//	first      8 sequence number
//	begun      8 nanoseconds since 1970
//	salt       4
//	owner      64, padded with zeros
//	encoding   64, likewise
//	crc        4
const (
	headerMagic   = "transeg\n"
	headerVersion = 1
	textBytes     = 64
	textFrom      = 44
	headerSum     = textFrom + 2*textBytes
	headerBytes   = headerSum + 4
)

// header is what a segment says of itself.
type header struct {
	generation
	first    uint64 // sequence number of its first point
	begun    int64  // ns since 1970, by the wall clock
	owner    string
	encoding string
}

// castagnoli is the table of CRC-32C, for which processors have an instruction.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// encode returns one copy of the header. Owner and encoding are at most textBytes
// long.
func (h header) encode() []byte {
	b := make([]byte, headerBytes)
	copy(b, headerMagic)
	binary.LittleEndian.PutUint32(b[8:], headerVersion)
	b[12], b[13] = byte(len(h.owner)), byte(len(h.encoding))
	binary.LittleEndian.PutUint64(b[16:], h.number)
	binary.LittleEndian.PutUint64(b[24:], h.first)
	binary.LittleEndian.PutUint64(b[32:], uint64(h.begun))
	binary.LittleEndian.PutUint32(b[40:], h.salt)
	copy(b[textFrom:], h.owner)
	copy(b[textFrom+textBytes:], h.encoding)
	binary.LittleEndian.PutUint32(b[headerSum:], crc32.Checksum(b[:headerSum], castagnoli()))
	return b
}

// pages returns what the file of a segment begins with: both copies, and zeros up to
// the first record.
func (h header) pages() []byte {
	pages, one := make([]byte, recordsFrom), h.encode()
	copy(pages, one)
	copy(pages[secondCopy:], one)
	return pages
}

// decodeHeader reads one copy. ok is false where it is no header, is damaged, or is
// of a version that this code does not know.
func decodeHeader(b []byte) (h header, ok bool) {
	if len(b) < headerBytes || string(b[:8]) != headerMagic {
		return header{}, false
	}
	owner, encoding := int(b[12]), int(b[13])
	if binary.LittleEndian.Uint32(b[8:]) != headerVersion || owner > textBytes || encoding > textBytes ||
		binary.LittleEndian.Uint32(b[headerSum:]) != crc32.Checksum(b[:headerSum], castagnoli()) {
		return header{}, false
	}
	return header{
		generation: generation{
			number: binary.LittleEndian.Uint64(b[16:]),
			salt:   binary.LittleEndian.Uint32(b[40:]),
		},
		first:    binary.LittleEndian.Uint64(b[24:]),
		begun:    int64(binary.LittleEndian.Uint64(b[32:])),
		owner:    string(b[textFrom : textFrom+owner]),
		encoding: string(b[textFrom+textBytes : textFrom+textBytes+encoding]),
	}, true
}

// chooseHeader reads both copies from pages, the first bytes of a file, and returns
// the one that is of the given generation, or else the one that validates. good says
// how many copies are valid and of that generation.
func chooseHeader(pages []byte, g generation) (chosen header, good int, ok bool) {
	for _, from := range []int{secondCopy, 0} {
		if from >= len(pages) {
			continue
		}
		h, valid := decodeHeader(pages[from:])
		if !valid || good > 0 && h.generation != g {
			continue
		}
		chosen, ok = h, true
		if h.generation == g {
			good++
		}
	}
	return chosen, good, ok
}

// begunAt returns when the segment began; the zero time where that is unknown.
func (h header) begunAt() time.Time {
	if h.begun == 0 {
		return time.Time{}
	}
	return time.Unix(0, h.begun)
}
