package segment

import (
	"bytes"
	"io"
)

// scan walks the records of one segment.
type scan struct {
	window
	seed   uint32 // of the segment's checksums
	offset int64  // behind the last record
	next   uint64 // lowest sequence number of a record to come
	bound  uint64 // lowest one that a later segment has
	resume int64  // where to search on, if that is behind offset
	failed int64  // where the last I/O error was
}

// begin sets the scan on a file, whose checksums are seeded with seed, to read its
// records from offset up to limit.
func (s *scan) begin(file File, seed uint32, offset, limit int64) {
	s.look(file, limit)
	s.seed, s.offset, s.resume = seed, offset, 0
}

// record returns the next record that validates, and its offset: where that is not
// the offset behind the one before, the bytes between are damaged. Its payload is
// valid until the next call.
//
// io.EOF says that there is none before the limit, io.ErrUnexpectedEOF that the file
// ends before the limit. After these and all other errors it can be called again.
func (s *scan) record() (Record, int64, error) {
	at := s.offset
	if s.resume > at {
		found, err := s.search(s.resume)
		if err != nil {
			return Record{}, 0, err
		}
		at = found
	}
	for {
		record, size, ok, err := s.try(at)
		if err != nil {
			return Record{}, 0, err
		}
		if ok && record.First >= s.next && record.Next() <= s.bound {
			s.offset, s.next = at+size, record.Next()
			return record, at, nil
		}
		if ok && at == s.offset {
			// Not of this place: left over from an append that was taken back.
			return Record{}, 0, io.EOF
		}
		if at, err = s.search(at + size); err != nil {
			return Record{}, 0, err
		}
	}
}

// try reads what lies at the offset. size is how many bytes to pass: those of the
// record, also where ok is false since its payload is bad; its header then says how
// long it is, so that a search never looks at the same bytes twice.
func (s *scan) try(at int64) (record Record, size int64, ok bool, err error) {
	if at+recordHeader > s.limit {
		return Record{}, 0, false, io.EOF
	}
	b, err := s.at(at, recordHeader)
	if err != nil {
		s.failed = at
		return Record{}, 0, false, err
	}
	head, ok := decodeRecord(b, s.seed)
	if !ok {
		return Record{}, recordAlign, false, nil
	}
	length := int64(head.length)
	if at+recordHeader+length > s.limit {
		return Record{}, s.limit - at, false, nil // cut off
	}
	if b, err = s.at(at, int(recordHeader+length)); err != nil {
		s.failed = at
		return Record{}, 0, false, err
	}
	payload := b[recordHeader:]
	return head.record(payload), head.bytes(), head.holds(payload), nil
}

// search returns the offset of what may be the next record, from the given offset on.
func (s *scan) search(from int64) (int64, error) {
	for from = alignUp(from); from+recordHeader <= s.limit; {
		b, err := s.rest(from, len(recordMagic))
		if err != nil {
			s.failed = from
			return 0, err
		}
		i := bytes.Index(b, []byte(recordMagic))
		switch {
		case i < 0:
			// All multiples of recordAlign before this one have been looked at.
			from += max(recordAlign, int64(len(b))&^(recordAlign-1))
		case i%recordAlign == 0:
			return from + int64(i), nil
		default:
			from = alignUp(from + int64(i))
		}
	}
	return 0, io.EOF
}

// skip passes the page in which the last I/O error was: the next record is searched
// behind it.
func (s *scan) skip() {
	const page = 4 << 10
	s.resume = s.failed&^(page-1) + page
}
