package client

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	jsoniter "github.com/json-iterator/go"
)

// Source yields the points of a text, one after another: a JSON array of points,
// or one point a line, each line JSON or `update ...`, told by its first
// character. Blank lines are skipped.
type Source struct {
	in    *bufio.Reader
	array *jsoniter.Iterator // once the text turned out to be an array
	at    int                // the line, or the element of the array, read last; from 1
}

const (
	maxPoint    = 1 << 20  // bytes of a line
	arrayBuffer = 64 << 10 // bytes
)

// NewSource returns a Source that reads r.
func NewSource(r io.Reader) *Source {
	return &Source{in: bufio.NewReaderSize(r, maxPoint)}
}

// BadPoint is the error of a point that could not be read. The Source goes on
// behind it.
type BadPoint struct {
	At  int // its line, or its element of the array, from 1
	Err error
}

// Error names the place and the fault.
func (b *BadPoint) Error() string { return fmt.Sprintf("point at %d: %v", b.At, b.Err) }

// Unwrap returns the fault.
func (b *BadPoint) Unwrap() error { return b.Err }

// Next returns the next point, io.EOF behind the last one, a *BadPoint for one
// that could not be read, and any other error when nothing more can be read.
func (s *Source) Next() (*Point, error) {
	if s.at == 0 && s.startsArray() {
		s.array = jsoniter.Parse(jsoniter.ConfigCompatibleWithStandardLibrary, s.in, arrayBuffer)
	}
	var text []byte
	var err error
	if s.array != nil {
		text, err = s.nextElement()
	} else {
		text, err = s.nextLine()
	}
	if err != nil {
		return nil, err
	}
	p, err := parsePoint(text)
	if err != nil {
		return nil, &BadPoint{s.at, err}
	}
	return p, nil
}

// Ready reports whether Next would return without waiting for more input, as far
// as can be told. A pusher sends what it has before it waits.
func (s *Source) Ready() bool {
	if s.array != nil {
		return true
	}
	buffered, _ := s.in.Peek(s.in.Buffered())
	return bytes.IndexByte(buffered, '\n') >= 0
}

// startsArray skips white space and reports whether a "[" follows. If not, the
// lines skipped count.
func (s *Source) startsArray() bool {
	lines := 0
	for {
		next, err := s.in.Peek(1)
		switch {
		case err != nil:
			return false
		case bytes.IndexByte([]byte(" \t\r\n"), next[0]) < 0:
			if next[0] == '[' {
				return true
			}
			s.at = lines
			return false
		case next[0] == '\n':
			lines++
		}
		_, _ = s.in.Discard(1)
	}
}

// nextLine returns the next line that is not blank, valid until the next call.
func (s *Source) nextLine() ([]byte, error) {
	for {
		line, err := s.in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return nil, fmt.Errorf("cannot read line %d: it is longer than %d bytes; write one point a line", s.at+1, maxPoint)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("cannot read on behind line %d: %w", s.at, err)
		}
		s.at++
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return line, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// nextElement returns the text of the array's next element.
func (s *Source) nextElement() ([]byte, error) {
	more := s.array.ReadArray()
	if err := s.array.Error; err != nil {
		return nil, s.broken(s.at + 1)
	}
	if !more {
		return nil, io.EOF
	}
	s.at++
	text := s.array.SkipAndReturnBytes()
	if err := s.array.Error; err != nil && !errors.Is(err, io.EOF) {
		return nil, s.broken(s.at)
	}
	return bytes.TrimSpace(text), nil
}

// broken says where the array can't be read, and why when it isn't its text: the
// decoder's own words for that show half the text.
func (s *Source) broken(element int) error {
	var fault *fs.PathError
	if errors.As(s.array.Error, &fault) {
		return fmt.Errorf("cannot read element %d of the array: %w", element, fault)
	}
	return fmt.Errorf("cannot read element %d of the array: it is cut off or no JSON", element)
}
