package metric

import "unsafe"

// Batch is what one request carries: its points in the order sent, refused ones
// included, and the memory that their strings and tags may lie in. A Batch is
// used by one goroutine at a time and reused by Reset.
type Batch struct {
	Points []Point

	text []byte
	tags []Tag
}

// Add appends an empty point and returns it. The pointer is good until the next
// Add.
func (b *Batch) Add() *Point {
	b.Points = append(b.Points, Point{})
	return &b.Points[len(b.Points)-1]
}

// AddCopy appends a copy of the point and returns it. The pointer is good until the
// next Add.
func (b *Batch) AddCopy(p *Point) *Point {
	b.Points = append(b.Points, *p)
	return &b.Points[len(b.Points)-1]
}

// What a Batch keeps at its Reset, enough for requests of a few thousand points:
// one giant request must not hold its memory for as long as its client stays.
const (
	keptPoints = 4 << 10
	keptTags   = 16 << 10
	keptText   = 512 << 10 // bytes
)

// Reset empties the batch and keeps its memory, up to a bound: every string and
// tag of its points becomes invalid.
func (b *Batch) Reset() {
	b.Points = emptied(b.Points, keptPoints)
	b.tags = emptied(b.tags, keptTags)
	b.text = emptied(b.text, keptText)
}

// emptied returns s without elements and, if it has room for at most kept of
// them, with its memory, in which nothing is left that points elsewhere.
func emptied[T any](s []T, kept int) []T {
	if cap(s) > kept {
		return nil
	}
	clear(s)
	return s[:0]
}

// Text copies s into the batch and returns the copy, valid until Reset.
func (b *Batch) Text(s []byte) string {
	from := len(b.text)
	b.text = append(b.text, s...)
	return b.since(from)
}

// since returns what was appended to text after from. Text that moves to a
// larger array leaves the old one to the strings that alias it.
func (b *Batch) since(from int) string {
	if from == len(b.text) {
		return ""
	}
	return unsafe.String(&b.text[from], len(b.text)-from)
}
