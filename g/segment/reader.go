package segment

import (
	"errors"
	"io"
	"io/fs"
	"math"
)

// Reader reads the records of a log in order, while others are appended. It is used
// by one goroutine at a time and has memory for the largest record, or for
// Options.ReadAhead.
type Reader struct {
	log    *Log
	from   Position
	scan   scan
	in     generation // of the segment that the scan is in, if it is in one
	wanted uint64     // lowest number of the one to follow
	coding string

	position Position // its Next is the number expected; 0: any
	damage   Damage
}

// Reader returns a reader of the records behind the position, which comes from
// another reader, from Find, or from a mark that was stored. The zero Position lies
// before all. Records that lie wholly before the number from.Next are left out.
//
// Where the place is gone, reading begins at the next segment that is left; what is
// missing from from.Next on counts as damage, unless this log released or dropped it.
func (l *Log) Reader(from Position) *Reader {
	return &Reader{
		log: l, from: from, wanted: from.Segment, position: from,
		scan: scan{window: window{ahead: l.options.ReadAhead}},
	}
}

// Next returns the next record, and the position behind it, which is what a mark
// stores once the record is dealt with. The payload is valid until the following
// call.
//
// io.EOF says that there is none yet: the position then is the log's End at this
// moment, and Next may be called again after an Append. Other errors come from the
// disk. After them Next tries the same again, and Skip gives up what cannot be read.
func (r *Reader) Next() (Record, Position, error) {
	for {
		if r.scan.file == nil || r.in.number < r.log.floor.Load() {
			if err := r.enter(); err != nil {
				return Record{}, r.position, err
			}
		}
		before := r.scan.offset
		record, at, err := r.scan.record()
		if r.in.number < r.log.floor.Load() {
			continue // what was read may be another segment's content by now
		}
		switch {
		case err == nil:
			if r.take(record, at-before) {
				return record, r.position, nil
			}
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			if err := r.goOn(err); err != nil {
				return Record{}, r.position, err
			}
		default:
			return Record{}, r.position, diskError("read", r.log.path(r.in.file(segmentSuffix)), err)
		}
	}
}

// goOn is called where the scan finds no more, for the reason given. It lets the scan
// have what was appended since, or leaves the segment for the next one. It returns
// io.EOF where the log ends.
func (r *Reader) goOn(reason error) error {
	v := r.log.view(r.in.number)
	switch {
	case !v.ok || v.generation != r.in: // given up meanwhile
		r.leave()
		return nil
	case v.end > r.scan.limit:
		r.scan.limit = v.end
		return nil
	case v.newest && !errors.Is(reason, io.EOF): // somebody has cut the file
		return diskError("read", r.log.path(v.name), reason)
	}
	r.miss(r.scan.offset, max(0, r.scan.limit-r.scan.offset), v.next)
	if !v.newest {
		r.leave()
		return nil
	}
	r.scan.offset = r.scan.limit
	return r.atEnd(v.logEnd)
}

// atEnd makes the reader have read all that there is, and returns io.EOF.
func (r *Reader) atEnd(end Position) error {
	r.miss(0, 0, end.Next)
	r.position = Position{Segment: end.Segment, Offset: end.Offset, Next: max(r.position.Next, end.Next)}
	return io.EOF
}

// enter goes to the next segment that can be read. It returns io.EOF where there is
// none.
func (r *Reader) enter() error {
	r.leave()
	for {
		v := r.log.view(r.wanted)
		r.expect(v.passed)
		if !v.ok {
			return r.atEnd(v.logEnd)
		}
		switch v.state {
		case readable:
			err := r.open(v)
			if err == nil {
				return nil
			}
			gone := errors.Is(err, fs.ErrNotExist)
			if !gone || v.newest && v.number >= r.log.floor.Load() {
				return diskError("open", r.log.path(v.name), err)
			}
		case foreign:
			r.miss(0, 0, v.first)
			r.expect(v.next)
		}
		r.wanted = v.number + 1
	}
}

// open makes the scan begin in the segment.
func (r *Reader) open(v view) error {
	file, err := r.log.options.Disk.Open(r.log.path(v.name))
	if err != nil {
		return err
	}
	offset := int64(recordsFrom)
	if v.number == r.from.Segment && r.from.Offset > recordsFrom {
		offset = alignUp(r.from.Offset)
	} else {
		r.miss(0, 0, v.first)
		r.position.Next = max(r.position.Next, v.first)
	}
	r.in, r.wanted, r.coding = v.generation, v.number+1, v.encoding
	r.scan.next, r.scan.bound = v.first, v.next
	if v.newest {
		r.scan.bound = math.MaxUint64 // it may grow; its end is exact
	}
	r.scan.begin(file, v.seed, offset, v.end)
	return nil
}

// leave makes the reader be in no segment.
func (r *Reader) leave() {
	if r.scan.file != nil {
		_ = r.scan.file.Close() // it was only read
		r.scan.file = nil
	}
}

// take makes the record the last one read, before which so many bytes did not
// validate. It returns false for a record that lies before what is expected.
func (r *Reader) take(record Record, skipped int64) bool {
	if skipped > 0 {
		from := r.scan.offset - recordBytes(len(record.Payload)) - skipped
		r.lose(from, skipped, record.First)
	} else {
		r.miss(0, 0, record.First)
	}
	expected := r.position.Next
	r.position = Position{Segment: r.in.number, Offset: r.scan.offset, Next: max(expected, record.Next())}
	return record.First >= expected || record.Next() > expected
}

// expect raises the number that is expected, if one is.
func (r *Reader) expect(next uint64) {
	if r.position.Next > 0 {
		r.position.Next = max(r.position.Next, next)
	}
}

// miss is lose where points are known to be missing, and nothing where none are.
func (r *Reader) miss(offset, bytes int64, next uint64) {
	if r.position.Next > 0 && next > r.position.Next {
		r.lose(offset, bytes, next)
	}
}

// lose counts a place of damage: the points from the expected one up to next, and so
// many bytes at the offset.
func (r *Reader) lose(offset, bytes int64, next uint64) {
	var points uint64
	if r.position.Next > 0 && next > r.position.Next {
		points = next - r.position.Next
	}
	r.damage.Places++
	r.damage.Points += points
	r.damage.Bytes += bytes
	r.position.Next = max(r.position.Next, next)
	if bytes > 0 {
		r.log.keepDamaged(r.in, r.scan.file, offset, bytes, points)
	} else {
		r.log.options.Log.Warn("segment: points are missing", "log", r.log.dir, "before", next, "points", points)
	}
}

// Skip makes Next pass the 4 KiB in which its last error was, and search the next
// record behind them: for a bad place on a disk. It counts as damage. On a disk that is
// gone, Skip loses all.
func (r *Reader) Skip() { r.scan.skip() }

// Encoding returns the encoding of the segment from which the last record came.
func (r *Reader) Encoding() string { return r.coding }

// Position returns the position behind the last record, as Next returned it.
func (r *Reader) Position() Position { return r.position }

// Damage returns what the reader has found damaged so far.
func (r *Reader) Damage() Damage { return r.damage }

// Close frees what the reader holds.
func (r *Reader) Close() {
	r.leave()
	r.scan.buffer = nil
}
