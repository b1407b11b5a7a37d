package queue

import (
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
)

// tape is the spool of a lane in a test: records in memory, as segments of a few.
type tape struct {
	records []record // all that were ever written
	tail    int      // index of the oldest that is left
	end     segment.Position
}

// record is a Block as it was written.
type record struct {
	block      *Block
	begin, end segment.Position
}

// perSegment is how many records a segment of a tape has.
const perSegment = 3

func (s *tape) append(blocks ...*Block) []segment.Position {
	var ends []segment.Position
	for _, b := range blocks {
		copied := &Block{First: b.First, Last: b.Last, Accepted: b.Accepted}
		for i := range b.Items {
			copied.Take(b, i)
		}
		begin := s.end
		n := uint64(len(s.records))
		s.end = segment.Position{Segment: 1 + n/perSegment, Offset: int64(1 + n%perSegment), Next: max(1, begin.Next) + uint64(b.Len())}
		s.records = append(s.records, record{copied, begin, s.end})
		ends = append(ends, s.end)
	}
	return ends
}

// read fills b with the record behind from and returns the position behind it; ok is
// false at the end.
func (s *tape) read(b *Block, from segment.Position) (end segment.Position, ok bool) {
	for _, r := range s.records[s.tail:] {
		if r.end.Next <= from.Next {
			continue
		}
		for i := range r.block.Items {
			b.Take(r.block, i)
		}
		b.First, b.Last, b.Accepted = r.block.First, r.block.Last, r.block.Accepted
		return r.end, true
	}
	return s.end, false
}

// drop gives up the oldest segment and returns the new tail; ok is false if there is
// none.
func (s *tape) drop() (tail segment.Position, ok bool) {
	if s.tail == len(s.records) {
		return s.end, false
	}
	number := s.records[s.tail].end.Segment
	for s.tail < len(s.records) && s.records[s.tail].end.Segment == number {
		s.tail++
	}
	if s.tail == len(s.records) {
		return s.end, true
	}
	return s.records[s.tail].begin, true
}

// attach gives the queue's only lane an empty tape.
func attach(q *Queue) *tape {
	q.Attach(make([]Place, len(q.Lanes())))
	return new(tape)
}

// spill does what the spooler does, for one lane.
func (s *tape) spill(l *Lane, turns bool) {
	if blocks := l.Leave(turns); len(blocks) > 0 {
		l.Wrote(OnDisk, blocks, s.append(blocks...))
	}
}

// take is Take for an owner that reads at once what it is told to.
func (s *tape) take(t *testing.T, l *Lane, now nowFunc) *Block {
	t.Helper()
	for {
		b, wait := l.Take(now(), 0)
		if wait != OnShelf {
			return b
		}
		shelf, from, ok := l.Unread()
		require.True(t, ok)
		b = l.Blank()
		end, ok := s.read(b, from)
		require.True(t, ok, "what is to be read is there")
		require.True(t, l.Load(b, shelf, from, end, 0))
	}
}
