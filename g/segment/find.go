package segment

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// find fills the list of segments with what lies in the directory.
func (l *Log) find() error {
	files, err := l.options.Disk.List(l.dir)
	if err != nil {
		return err
	}
	l.number = l.options.After.Segment
	for _, file := range files {
		g, suffix, ok := parseName(file.Name())
		if ok {
			l.number = max(l.number, g.number)
		}
		switch {
		case file.Name() == damagedFolder && file.IsDir():
		case !ok || !file.Mode().IsRegular():
			l.report.add(file.Name(), file.Size(), UnknownFile, "")
		case suffix == spareSuffix:
			l.spares = append(l.spares, spare{file.Name(), file.Size()})
		default:
			l.examine(g, file.Name(), file.Size())
		}
	}
	slices.SortFunc(l.segments, func(a, b *segment) int { return cmp.Compare(a.number, b.number) })
	l.segments = slices.CompactFunc(l.segments, func(a, b *segment) bool {
		if a.number == b.number {
			l.report.add(b.name, b.bytes, Misnamed, "another segment has its number")
		}
		return a.number == b.number
	})
	l.bound()
	l.newNames = len(l.segments) > 0 // nobody knows what was synced
	return nil
}

// examine puts the file into the list, if it is a segment of this log.
func (l *Log) examine(g generation, name string, size int64) {
	h, good, err := l.readHeader(name, g)
	l.number = max(l.number, h.number)
	s := &segment{header: h, name: name, seed: g.seed(l.options.Owner), end: size, bytes: size, sealed: true}
	switch {
	case err != nil:
		l.report.add(name, size, BadHeader, err.Error())
		s.header, s.state = header{generation: g}, headless
	case h.owner != l.options.Owner:
		l.report.add(name, size, OtherOwner, fmt.Sprintf("of %q", h.owner))
		return
	case good == 0:
		l.report.add(name, size, Misnamed, "its header says "+h.file(segmentSuffix))
		return
	case h.encoding != l.options.Encoding && !slices.Contains(l.options.Known, h.encoding):
		l.report.add(name, size, OtherEncoding, fmt.Sprintf("%q", h.encoding))
		s.state = foreign
	case good == 1:
		l.report.add(name, size, OneHeader, "")
	}
	l.segments = append(l.segments, s)
}

// errNoHeader says that a file begins with no header that validates.
var errNoHeader = errors.New("neither copy is valid")

// readHeader reads the header of a segment file; good says how many copies of it are
// valid and of the generation in the file's name.
func (l *Log) readHeader(name string, g generation) (h header, good int, err error) {
	file, err := l.options.Disk.Open(l.path(name))
	if err != nil {
		return header{}, 0, err
	}
	pages := make([]byte, secondCopy+headerBytes)
	n, readErr := file.ReadAt(pages, 0)
	if err := file.Close(); err != nil {
		return header{}, 0, err
	}
	h, good, ok := chooseHeader(pages[:n], g)
	switch {
	case ok:
		return h, good, nil
	case readErr != nil && !errors.Is(readErr, io.EOF):
		return header{}, 0, readErr
	}
	return header{}, 0, errNoHeader
}

// bound sets which sequence numbers each segment has, as far as headers tell, and
// finds the end of the log in the newest one.
func (l *Log) bound() {
	l.end = l.options.After
	behind := uint64(math.MaxUint64) // the first number of the segments behind
	for _, s := range slices.Backward(l.segments) {
		if behind == math.MaxUint64 {
			l.scanEnd(s)
		} else {
			s.next = behind
		}
		if s.first > s.next {
			s.state, s.next = void, s.first
		} else if s.first > 0 {
			behind = s.first
		}
	}
	if n := len(l.segments); n > 0 {
		newest := l.segments[n-1]
		newest.next = l.end.Next // After may be further on
		if p := newest.tail(); p.Compare(l.end) > 0 {
			l.end = p
		}
	}
}

// scanEnd finds the end of a segment behind which no other is known to begin, and
// with it the end of the log.
func (l *Log) scanEnd(s *segment) {
	s.next = s.first
	file, err := l.options.Disk.Open(l.path(s.name))
	if err != nil {
		l.report.add(s.name, s.bytes, Unreadable, err.Error())
	} else {
		l.scanFile(s, file)
		_ = file.Close() // it was only read
	}
	l.end.Next = max(l.end.Next, s.next)
}

// scanFile reads the segment to its last record.
func (l *Log) scanFile(s *segment, file File) {
	records := scan{window: window{ahead: l.options.ReadAhead}, next: s.first, bound: math.MaxUint64}
	records.begin(file, s.seed, recordsFrom, s.bytes)
	const tries = 64 // bad pages that are passed; a disk that is gone is not tried for long
	for bad := 0; ; {
		_, _, err := records.record()
		if err == nil {
			continue
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || bad == tries {
			break
		}
		if bad++; bad == 1 {
			l.report.add(s.name, s.bytes, Unreadable, err.Error())
		}
		records.skip()
	}
	s.end, s.next = records.offset, records.next
}
