package segment

import "time"

// Segment describes one segment of a log.
type Segment struct {
	Number uint64 // as in a Position
	Name   string // of its file
	// First and Next bound the sequence numbers of its points: [First, Next). They
	// are known without reading it: Next is the First of the segment behind it, so
	// points that lie in no segment any more count for the one before them. First is
	// 0 where the header is lost.
	First, Next uint64
	Bytes       int64     // on disk
	Begun       time.Time // by the wall clock; zero where the header is lost
	Encoding    string    // of its payloads
	Readable    bool      // false: readers pass it over, Release leaves it alone
}

// Points returns how many points the segment holds, for all that is known without
// reading it.
func (s Segment) Points() uint64 {
	if s.First == 0 || s.Next < s.First {
		return 0
	}
	return s.Next - s.First
}

// state is what a log can do with a segment.
type state uint8

const (
	readable state = iota
	foreign        // its encoding is not known to the owner: kept, passed over
	headless       // both copies of its header are bad: likewise, its points count as lost
	void           // what an append left that was taken back: holds nothing
)

// segment is a file in the log's list. What is not marked otherwise never changes
// once it is in the list.
type segment struct {
	header
	name  string
	seed  uint32 // of its checksums
	state state

	// Guarded by Log.mu.
	end    int64 // offset behind the last record, or the size of a file that was found
	next   uint64
	bytes  int64 // on disk
	synced int64 // offset up to which Sync is done with it
	failed error // of an fsync: it is not to be synced or added to again
	sealed bool  // nothing is added any more
	file   File  // while it is added to, or until it is synced; else nil
}

// info returns the description of the segment. The log's mu is held.
func (s *segment) info() Segment {
	return Segment{
		Number: s.number, Name: s.name, First: s.first, Next: s.next, Bytes: s.bytes,
		Begun: s.begunAt(), Encoding: s.encoding, Readable: s.state == readable,
	}
}

// head returns the position of the segment's first record.
func (s *segment) head() Position {
	return Position{Segment: s.number, Offset: recordsFrom, Next: s.first}
}

// tail returns the position behind the segment's last record. The log's mu is held.
func (s *segment) tail() Position {
	return Position{Segment: s.number, Offset: s.end, Next: s.next}
}

// isKept reports whether only Drop may remove the segment: it holds what the owner
// could not have read.
func (s *segment) isKept() bool {
	return (s.state == foreign || s.state == headless) && s.bytes > 0
}

// isBefore reports whether the whole segment lies before the position, and nothing
// is added to it any more. The log's mu is held.
func (s *segment) isBefore(p Position) bool {
	return s.sealed && (s.number < p.Segment || s.number == p.Segment && s.end <= p.Offset)
}

// spareFile returns the file if nobody needs it open any more, and forgets it. The
// log's mu is held; the caller closes the file when it has let go of that.
func (s *segment) spareFile() File {
	if !s.sealed || s.synced < s.end && s.failed == nil {
		return nil
	}
	file := s.file
	s.file = nil
	return file
}
