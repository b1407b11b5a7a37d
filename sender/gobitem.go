package sender

import (
	"math"
	"math/bits"
	"slices"
)

// The items of judge, graph and p8s_relay have their value and their timestamp side
// by side, in this order, and a text behind. What comes before is the head of the
// series, what comes behind its tail. Between all of them stands one byte, the
// distance to the next field: the head ends with that of the value, the tail begins
// behind that of its first field.

// cut ends the head of a series in front of the value, which is field n. The tail
// begins with the text that is field n+2 and must not be empty. start is where the
// head was begun in the buffer.
func (s *gobStruct) cut(n, start int, text string) {
	s.field(n)
	endHead(s.dst, start)
	s.dst = appendGobString(s.dst, text)
	s.next = n + 3
}

// gobPairBytes is the most room that a value and a timestamp need: each with the
// distance behind it, and what appendGobUint writes and takes back.
const gobPairBytes = 2*(gobUintBytes+1) + 8

// appendGobItem appends the item of a series with this value and timestamp. One that
// is zero is left out, -0 too; the distance before it is then to the field behind.
func appendGobItem(dst, series []byte, value float64, timestamp int64) []byte {
	head, tail := cutSeries(series)
	dst = append(slices.Grow(dst, len(series)+gobPairBytes), head...)
	if value != 0 {
		dst = append(appendGobFloat(dst, value), 1)
	} else {
		dst[len(dst)-1]++
	}
	if timestamp != 0 {
		dst = append(appendGobInt(dst, timestamp), 1)
	} else {
		dst[len(dst)-1]++
	}
	return append(dst, tail...)
}

// appendGobFloat appends the bits with their bytes reversed, since the usual values
// end in zeros.
func appendGobFloat(dst []byte, v float64) []byte {
	return appendGobUint(dst, bits.ReverseBytes64(math.Float64bits(v)))
}
