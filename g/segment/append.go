package segment

import "fmt"

// cursor is the place where the next record goes. Its zero value: nowhere, a segment
// has to begin.
type cursor struct {
	segment *segment
	offset  int64
	limit   int64  // of the segment
	next    uint64 // sequence number
}

// Append adds the records, in order, and publishes them to readers all at once. It
// copies nothing that it keeps. First of each must be the number behind the record
// before; the first of all may have any, from 1 on, in a log without records and
// without an Options.After.
//
// An error leaves the log as if nothing had been written, and Append can be tried
// again: errors.Is with ErrFull where space lacks, ErrOrder, os.ErrClosed; errors.As
// with TooLargeError; else an I/O error.
func (l *Log) Append(records ...Record) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := l.admit(records); err != nil {
		return fmt.Errorf("cannot append to the log in %s: %w", l.dir, err)
	}
	if len(records) == 0 {
		return nil
	}
	was := l.cursor
	l.full = l.full[:0]
	if err := l.write(records); err != nil {
		l.takeBack(was)
		return err
	}
	l.publish(was)
	return nil
}

// admit checks the records, and makes the cursor leave a segment to which nothing may
// be added any more.
func (l *Log) admit(records []Record) error {
	if err := l.checkOpen(); err != nil {
		return err
	}
	next, failed := l.state()
	if failed {
		l.seal()
	}
	limit := l.options.largestOf() - recordsFrom - recordsBytes(l.heads)
	for _, r := range records {
		if next == 0 {
			next = r.First
		}
		if r.First == 0 || r.First != next || r.Next() < next {
			return fmt.Errorf("%w: %d points from %d on, where %d is next", ErrOrder, r.Count, r.First, next)
		}
		if bytes := recordBytes(len(r.Payload)); bytes > limit {
			return &TooLargeError{bytes, limit}
		}
		next = r.Next()
	}
	return nil
}

// state returns the sequence number that comes next, 0 for any, and whether a Sync
// of the cursor's segment failed.
func (l *Log) state() (next uint64, failed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end.Next, l.cursor.segment != nil && l.cursor.segment.failed != nil
}

// write writes the records into the cursor's segment and as many others as it takes.
func (l *Log) write(records []Record) error {
	for len(records) > 0 {
		n, bytes := l.fitting(records)
		if n == 0 {
			if err := l.roll(records[0]); err != nil {
				return err
			}
			continue
		}
		if err := l.put(records[:n], bytes); err != nil {
			return err
		}
		records = records[n:]
	}
	return nil
}

// fitting returns how many of the records fit into the cursor's segment, and their
// size.
func (l *Log) fitting(records []Record) (n int, bytes int64) {
	room := l.cursor.limit - l.cursor.offset
	for _, r := range records {
		size := recordBytes(len(r.Payload))
		if bytes+size > room {
			break
		}
		n, bytes = n+1, bytes+size
	}
	return n, bytes
}

// put writes the records, which take so many bytes, at the cursor.
func (l *Log) put(records []Record, bytes int64) error {
	s := l.cursor.segment
	l.gather.begin(s.file, l.cursor.offset)
	for _, r := range records {
		l.gather.add(r, s.seed)
	}
	if err := l.gather.end(); err != nil {
		return diskError("write", l.path(s.name), err)
	}
	l.cursor.offset += bytes
	l.cursor.next = records[len(records)-1].Next()
	return nil
}

// publish lets readers have what was written since the cursor was at was.
func (l *Log) publish(was cursor) {
	l.mu.Lock()
	for _, c := range append(l.full, l.cursor) {
		s := c.segment
		s.end, s.next, s.bytes = c.offset, c.next, max(s.bytes, c.offset)
		if s != was.segment {
			l.segments = append(l.segments, s)
		}
		l.end = s.tail()
	}
	l.mu.Unlock()
	for _, c := range l.full {
		l.retire(c.segment)
	}
}

// takeBack undoes what was written since the cursor was at was. What cannot be undone
// on a broken disk never validates: the next segment begins with the same number.
func (l *Log) takeBack(was cursor) {
	for _, c := range append(l.full, l.cursor) {
		if c.segment != nil && c.segment != was.segment {
			l.discard(c.segment)
		}
	}
	l.cursor = was
	if s := was.segment; s != nil {
		if err := s.file.Truncate(was.offset); err != nil {
			l.seal()
			return
		}
		l.mu.Lock()
		s.bytes = was.offset
		l.mu.Unlock()
	}
}
