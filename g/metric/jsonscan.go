package metric

import "unsafe"

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
	if s.Points(b, limit, &PointsRead{}) {
		return s.At()
	}
	clear(b.Points[before:])
	b.Points = b.Points[:before]
	return 0
}

// JSONScanner reads JSON values of the usual shape, one after another. Its methods
// report whether there was one; after a false only Cut may be asked.
//
// What it is made of are functions of a text and a place in it, which they take and
// return by value: they stay in registers, and not in the scanner.
type JSONScanner struct {
	text string
	at   int
}

// What a function returns for the place behind a value that it could not read.
const (
	unusual = -1 // it is of another shape
	cut     = -2 // the text ends within it
)

// lacking returns why what would have to stand at text[at] does not.
func lacking(text string, at int) int {
	if at == len(text) {
		return cut
	}
	return unusual
}

// NewJSONScanner returns a scanner at the beginning of text, which the values that
// it reads alias.
func NewJSONScanner(text []byte) JSONScanner {
	return JSONScanner{text: unsafe.String(unsafe.SliceData(text), len(text))}
}

// At returns how many bytes were read.
func (s *JSONScanner) At() int { return s.at }

// Cut reports, after a false, whether nothing unusual was met before the text ended:
// with more of it the scan may come to its end.
func (s *JSONScanner) Cut() bool { return s.at == cut || s.at == len(s.text) }

// Skip passes white space and c, if c comes next. After a false another Skip may
// look for something else.
func (s *JSONScanner) Skip(c byte) bool {
	s.at = space(s.text, s.at)
	if s.at == len(s.text) || s.text[s.at] != c {
		return false
	}
	s.at++
	return true
}

// String passes white space and reads a string without escapes.
func (s *JSONScanner) String() (value string, ok bool) {
	value, s.at = scanString(s.text, space(s.text, s.at))
	return value, s.at >= 0
}

// Integer passes white space and reads an integral number, of which it returns the
// text.
func (s *JSONScanner) Integer() (string, bool) {
	from := space(s.text, s.at)
	if _, s.at = scanInteger(s.text, from); s.at < 0 {
		return "", false
	}
	return s.text[from:s.at], true
}

// PointsRead is how much of an array was read when the text ended within it. It is good as
// long as the text stays where it lies in memory, and the batch what it is.
type PointsRead struct {
	at       int // where the next point begins, 0: nothing was read
	points   int // that the batch holds
	template jsonTemplate
}

// Points returns how many points were read whole.
func (r *PointsRead) Points() int { return r.points }

// Points reads an array of points into the batch, which on a false holds some of
// them. More than limit points are not the usual shape. If the text was cut off, read says
// how far this went: with more of it a new scanner goes on there when it is given the same
// read and batch, if that was empty at the beginning.
func (s *JSONScanner) Points(b *Batch, limit int, read *PointsRead) bool {
	before := new(Point)
	switch {
	case read.at > 0:
		s.at, b.Points = read.at, b.Points[:read.points]
		if read.points > 0 {
			before = &b.Points[read.points-1]
		}
	case !s.Skip('['):
		return false
	case s.Skip(']'):
		return true
	}
	next, points := s.at, read.points
	defer func() { read.at, read.points = next, points }()
	for ; points < limit; points++ {
		next = s.at
		at, p := space(s.text, s.at), b.Add()
		if s.at = read.template.scan(s.text, at, p, before); s.at < 0 {
			var values jsonValues
			*p = Point{}
			if s.at = scanPoint(s.text, at, p, &values); s.at < 0 {
				return false
			}
			read.template.learn(s.text, &values)
		}
		if !s.Skip(',') {
			read.template = jsonTemplate{} // of this point, which may be read once more
			return s.Skip(']')
		}
		before = p
	}
	s.at = unusual
	return false
}

// space returns where the white space at text[at:] ends.
func space(text string, at int) int {
	for at < len(text) && text[at] <= ' ' && isSpace(text[at]) {
		at++
	}
	return at
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }
