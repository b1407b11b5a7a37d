package sender

import (
	"encoding/binary"
	"math/bits"

	"transfer/g/metric"
)

// These write the primitives of encoding/gob, as its package documentation gives
// them under "Encoding Details".

// gobUintBytes is the most that an unsigned integer takes.
const gobUintBytes = 9

// appendGobUint appends an unsigned integer: up to 0x7f as it is, else the
// negated count of its big-endian bytes, then these: eight in one store, less those
// too many.
func appendGobUint(dst []byte, v uint64) []byte {
	if v <= 0x7f {
		return append(dst, byte(v))
	}
	skip := bits.LeadingZeros64(v) / 8
	end := len(dst) + gobUintBytes - skip
	return binary.BigEndian.AppendUint64(append(dst, byte(skip-8)), v<<(8*skip))[:end]
}

// appendGobInt appends a signed integer: the sign in the lowest bit.
func appendGobInt(dst []byte, v int64) []byte {
	return appendGobUint(dst, uint64(v<<1)^uint64(v>>63))
}

// appendGobString appends a string: its length, its bytes.
func appendGobString(dst []byte, s string) []byte {
	dst = appendGobUint(dst, uint64(len(s)))
	return append(dst, s...)
}

// gobStruct appends the fields of one struct value, each as its distance from the
// one before and its value. Zero values are left out, which the next distance
// shows; fields are numbered from 0 and must come in rising order.
type gobStruct struct {
	dst  []byte
	next int // the field that would have distance 1
}

// field begins a field that is not zero. Distances are far below 0x7f: no item has
// so many fields.
func (s *gobStruct) field(n int) {
	s.dst = append(s.dst, byte(n-s.next+1))
	s.next = n + 1
}

func (s *gobStruct) text(n int, v string) {
	if v != "" {
		s.field(n)
		s.dst = appendGobString(s.dst, v)
	}
}

func (s *gobStruct) int(n int, v int64) {
	if v != 0 {
		s.field(n)
		s.dst = appendGobInt(s.dst, v)
	}
}

// tags writes a map[string]string. A map is left out only when it is nil, and
// tags always are a map: without any an empty one goes out.
func (s *gobStruct) tags(n int, tags []metric.Tag) {
	s.field(n)
	s.dst = appendGobUint(s.dst, uint64(len(tags)))
	for _, t := range tags {
		s.dst = appendGobString(s.dst, t.Key)
		s.dst = appendGobString(s.dst, t.Value)
	}
}

// end closes the struct and returns the buffer.
func (s *gobStruct) end() []byte { return append(s.dst, 0) }
