package metric

import (
	"math/bits"
	"unicode/utf8"
)

// Text is looked at eight bytes at a time: a word holds them in their order, the
// first one lowest. One such look costs what a look at one byte costs.
const (
	wordBytes = 8
	lowBits   = 0x0101010101010101 // the lowest bit of each byte
	highBits  = 0x8080808080808080
)

// FieldEnd returns where the bytes at text[at:] end that are ASCII and neither white
// space nor control characters.
func FieldEnd(text string, at int) int {
	for ; at+wordBytes <= len(text); at += wordBytes {
		// Of an ASCII byte less n the highest bit tells whether it was below n.
		v := word(text, at)
		if found := (v - lowBits*(' '+1) | v) & highBits; found != 0 {
			return at + bits.TrailingZeros64(found)/8
		}
	}
	for at < len(text) && text[at] > ' ' && text[at] < utf8.RuneSelf {
		at++
	}
	return at
}

// word returns the eight bytes at text[at:], which must be there. The compiler makes
// one load of it.
func word(text string, at int) uint64 {
	b := text[at : at+wordBytes]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// HasAt reports whether part stands at text[at:].
func HasAt(text string, at int, part string) bool {
	return len(text)-at >= len(part) && text[at:at+len(part)] == part
}
