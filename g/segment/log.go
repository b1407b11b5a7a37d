package segment

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
)

// Log is an append-only sequence of records in the segments of one directory, which
// the caller has locked against other processes. All methods may be called by any
// goroutine; it starts none itself.
type Log struct {
	options Options
	dir     string
	report  Report

	// writing is held by what changes the files: Append, Release, Drop, Seal, Close.
	// It guards the following and is taken before mu.
	writing sync.Mutex
	cursor  cursor
	number  uint64 // highest one ever given
	spares  []spare
	heads   []Record // of each new segment
	gather  gather
	full    []cursor // of the segments that the Append under way has filled
	closed  bool

	syncing sync.Mutex // held by Sync; taken before mu

	// mu guards what readers see; it is never held over I/O.
	mu       sync.Mutex
	segments []*segment // oldest first
	end      Position
	passed   uint64 // sequence number behind all that was released or dropped
	newNames bool   // the directory is to be synced

	// floor is the lowest number of a segment that readers may be in. It is raised
	// before a segment's file is touched, so a reader that looks at it after it has
	// read knows whether what it read was still that segment.
	floor atomic.Uint64
}

// Open opens the log in the directory, which it makes where it is missing. It reads
// the headers of all segments, and the whole of the newest one only to find the end
// of the log. It changes no file and makes none: the first Append does. Damage is no
// error; it is told by Report and met by readers.
func Open(dir string, options Options) (*Log, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("cannot open the log in %s: %w", dir, err)
	}
	if err := options.Disk.MakeDir(dir); err != nil {
		return nil, diskError("make the directory", dir, err)
	}
	l := &Log{options: options, dir: dir}
	if err := l.find(); err != nil {
		return nil, diskError("list the directory", dir, err)
	}
	return l, nil
}

// Report says what Open found beside sound segments.
func (l *Log) Report() Report { return l.report }

// Encoding returns the encoding of what is appended.
func (l *Log) Encoding() string { return l.options.Encoding }

// End returns the position behind the last record that was appended, also when that
// has been released since.
func (l *Log) End() Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end
}

// Tail returns the position of the oldest record that readers can get; the End if
// there is none.
func (l *Log) Tail() Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.segments {
		if s.state == readable {
			return s.head()
		}
	}
	return l.end
}

// Find returns the furthest position known without reading from which a reader gets
// the point with the given sequence number, where the log has it, and all behind it:
// that of its segment's first record. Whoever needs nothing below that number can
// Release up to there.
func (l *Log) Find(sequence uint64) Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	if sequence >= l.end.Next {
		return l.end
	}
	var found Position
	for _, s := range l.segments {
		if s.state == readable && s.first <= sequence {
			found = s.head()
		}
	}
	found.Next = sequence
	return found
}

// Bytes returns how much of the disk the segments take, spares apart.
func (l *Log) Bytes() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	var sum int64
	for _, s := range l.segments {
		sum += s.bytes
	}
	return sum
}

// Segments returns a description of each segment, the oldest first.
func (l *Log) Segments() []Segment {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]Segment, len(l.segments))
	for i, s := range l.segments {
		all[i] = s.info()
	}
	return all
}

// SetHead sets the records that stand at the head of each segment that begins from
// now on: what a reader must know to understand the others. They have no points, so
// First and Count are not looked at. The payloads must not change any more.
func (l *Log) SetHead(records ...Record) error {
	bytes, limit := recordsBytes(records), l.options.largestOf()/2
	if bytes > limit {
		return fmt.Errorf("cannot put so much at the head of each segment of %s: %w", l.dir, &TooLargeError{bytes, limit})
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	l.heads = slices.Clone(records)
	for i := range l.heads {
		l.heads[i].Count = 0
	}
	return nil
}

// Seal ends the segment that is written, and frees the memory for writing: the next
// Append begins another one. So a Release frees everything when all has been read.
func (l *Log) Seal() {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.seal()
	l.gather = gather{}
}

// Close frees all that the log holds open. It does not Sync. Readers are closed by
// their owners, before or after.
func (l *Log) Close() error {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.closed = true
	var errs []error
	if c := l.cursor; c.segment != nil && c.segment.bytes > c.offset {
		// What a recycled segment held before is of no use any more. Without an end
		// of its own it would count for the cap as if it were full.
		errs = append(errs, c.segment.file.Truncate(c.offset))
	}
	l.seal()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.segments {
		if s.file != nil {
			errs = append(errs, s.file.Close())
			s.file = nil
		}
	}
	if err := errors.Join(errs...); err != nil {
		return diskError("close the log in", l.dir, err)
	}
	return nil
}

// checkOpen returns an error if the log is closed. The caller holds writing.
func (l *Log) checkOpen() error {
	if l.closed {
		return fmt.Errorf("the log in %s: %w", l.dir, os.ErrClosed)
	}
	return nil
}

// path returns the path of a file in the log's directory.
func (l *Log) path(name string) string { return filepath.Join(l.dir, name) }
