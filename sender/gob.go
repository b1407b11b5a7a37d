package sender

import (
	"encoding/binary"
	"math"
	"math/bits"

	"transfer/g/metric"
)

// These write the primitives of encoding/gob, as its package documentation gives
// them under "Encoding Details".

// appendGobUint appends an unsigned integer: up to 0x7f as it is, else the
// negated count of its big-endian bytes, then these.
func appendGobUint(dst []byte, v uint64) []byte {
	if v <= 0x7f {
		return append(dst, byte(v))
	}
	return appendGobLong(dst, v)
}

// appendGobLong is the rest of appendGobUint, apart so that the short one is
// inlined.
func appendGobLong(dst []byte, v uint64) []byte {
	var big [8]byte
	binary.BigEndian.PutUint64(big[:], v)
	skip := bits.LeadingZeros64(v) / 8
	dst = append(dst, byte(skip-8))
	return append(dst, big[skip:]...)
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

// field begins a field that is not zero.
func (s *gobStruct) field(n int) {
	s.dst = appendGobUint(s.dst, uint64(n-s.next+1))
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

// float writes the bits with their bytes reversed, since the usual values end in
// zeros. -0 is zero too.
func (s *gobStruct) float(n int, v float64) {
	if v != 0 {
		s.field(n)
		s.dst = appendGobUint(s.dst, bits.ReverseBytes64(math.Float64bits(v)))
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
