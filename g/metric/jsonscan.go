package metric

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
	"unsafe"
)

// ScanJSON reads an array of points of the usual shape in one pass: keys as they
// are written, strings without escapes, plain numbers, white space or none. It
// returns the array's length, and 0 when there is anything else in it or it is not
// whole: then the batch is as before, and ReadJSON is to say what it is. What
// ScanJSON reads it reads exactly as ReadJSON does.
//
// The points alias text.
func (b *Batch) ScanJSON(text []byte, limit int) int {
	before := len(b.Points)
	s := NewJSONScanner(text)
	if s.Points(b, limit) {
		return s.At()
	}
	clear(b.Points[before:])
	b.Points = b.Points[:before]
	return 0
}

// JSONScanner reads JSON values of the usual shape, one after another. Its methods
// report whether there was one; after a false it is of no more use.
type JSONScanner struct {
	text []byte
	at   int
}

// NewJSONScanner returns a scanner at the beginning of text, which the values that
// it reads alias.
func NewJSONScanner(text []byte) JSONScanner { return JSONScanner{text: text} }

// At returns how many bytes were read.
func (s *JSONScanner) At() int { return s.at }

// Points reads an array of points into the batch, which on a false holds some of
// them. More than limit points are not the usual shape.
func (s *JSONScanner) Points(b *Batch, limit int) bool {
	if !s.Skip('[') {
		return false
	}
	if s.Skip(']') {
		return true
	}
	for ; limit > 0; limit-- {
		if !s.point(b.Add()) {
			return false
		}
		if !s.Skip(',') {
			return s.Skip(']')
		}
	}
	return false
}

// space passes white space.
func (s *JSONScanner) space() {
	for s.at < len(s.text) && s.text[s.at] <= ' ' {
		switch s.text[s.at] {
		case ' ', '\n', '\r', '\t':
			s.at++
		default:
			return
		}
	}
}

// Skip passes white space and c, if c comes next.
func (s *JSONScanner) Skip(c byte) bool {
	s.space()
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

// byte passes c, if it comes next.
func (s *JSONScanner) byte(c byte) bool {
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

// point reads an object into p. A point that has no value is left to ReadJSON,
// which knows the reason to refuse it.
func (s *JSONScanner) point(p *Point) bool {
	if !s.Skip('{') {
		return false
	}
	valued := false
	for {
		key, ok := s.String()
		if !ok || !s.Skip(':') {
			return false
		}
		s.space()
		switch key {
		case "endpoint":
			p.Endpoint, ok = s.String()
		case "metric":
			p.Metric, ok = s.String()
		case "value":
			p.Value, ok = s.value()
			valued = true
		case "step":
			p.Step, ok = s.integer()
		case "counterType":
			var name string
			name, ok = s.String()
			p.Type = ParseCounterType(name)
		case "tags":
			p.RawTags, ok = s.String()
		case "timestamp":
			p.Timestamp, ok = s.integer()
		default:
			return false
		}
		switch {
		case !ok:
			return false
		case s.Skip(','):
		default:
			return s.Skip('}') && valued
		}
	}
}

// Eight bytes at a time: the lowest and the highest bit of each.
const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
)

// String passes white space and reads a string without escapes.
func (s *JSONScanner) String() (string, bool) {
	s.space()
	if !s.byte('"') {
		return "", false
	}
	from, ascii := s.at, true
	for i := from; ; {
		i += plainBytes(s.text[i:])
		if i == len(s.text) {
			return "", false
		}
		switch c := s.text[i]; {
		case c == '"':
			s.at = i + 1
			quoted := s.text[from:i]
			return unsafe.String(unsafe.SliceData(quoted), len(quoted)), ascii || utf8.Valid(quoted)
		case c < utf8.RuneSelf:
			return "", false // an escape, or what must be one
		}
		ascii = false
		i++
	}
}

// plainBytes returns how many bytes at the start of text are neither a quote, a
// backslash, a control character nor part of a longer rune.
func plainBytes(text []byte) int {
	n := 0
	for ; n+8 <= len(text); n += 8 {
		v := binary.LittleEndian.Uint64(text[n:])
		quote, slash := v^(lowBits*'"'), v^(lowBits*'\\')
		// A byte is zero where subtracting 1 borrows; what a borrow does to the bytes
		// behind it does not matter, since the first one counts.
		found := ((quote-lowBits)&^quote | (slash-lowBits)&^slash | (v-lowBits*' ')&^v | v) & highBits
		if found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	for ; n < len(text); n++ {
		if c := text[n]; c == '"' || c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			break
		}
	}
	return n
}
