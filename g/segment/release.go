package segment

import (
	"errors"
	"slices"
)

// Release gives up all segments that lie wholly before the position: they are kept as
// spares, or removed. The segment that is written never goes (see Seal), and those
// that readers pass over stay. On an error the log has given the segments up
// nevertheless; a file that could not be removed is back at the next Open.
func (l *Log) Release(until Position) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := l.checkOpen(); err != nil {
		return err
	}
	return l.dispose(l.unlist(func(s *segment) bool { return s.isBefore(until) && !s.isKept() }))
}

// Drop gives up the oldest segment, whatever it is, and returns what it was, so that
// the caller can count the points of [First, Next) that had not been read. ok is false
// when there is none left. A reader in the segment goes on behind it, and does not
// count it as damage. After a Drop the owner stores a mark at the Tail or behind: with
// an older one, another process would give the numbers of what was dropped again.
func (l *Log) Drop() (dropped Segment, ok bool, err error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := l.checkOpen(); err != nil {
		return Segment{}, false, err
	}
	oldest, newest := l.oldest()
	if oldest == nil {
		return Segment{}, false, nil
	}
	if newest {
		l.seal()
	}
	gone := l.unlist(func(s *segment) bool { return s == oldest })
	return oldest.info(), true, l.dispose(gone)
}

// oldest returns the oldest segment, nil if there is none, and whether it is the
// newest too.
func (l *Log) oldest() (s *segment, newest bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.segments) == 0 {
		return nil, false
	}
	return l.segments[0], len(l.segments) == 1
}

// unlist takes the segments that are to go off the list. From then on readers leave
// them.
func (l *Log) unlist(goes func(*segment) bool) (gone []*segment) {
	var files []File
	l.mu.Lock()
	l.segments = slices.DeleteFunc(l.segments, func(s *segment) bool {
		if !goes(s) {
			return false
		}
		gone = append(gone, s)
		files = append(files, s.file)
		s.file = nil
		l.passed = max(l.passed, s.next)
		l.floor.Store(max(l.floor.Load(), s.number+1))
		return true
	})
	l.mu.Unlock()
	closeAll(files)
	return gone
}

// dispose makes spares of the files, or removes them. The caller holds writing.
func (l *Log) dispose(gone []*segment) error {
	var errs []error
	remove := func(name string) {
		if err := l.options.Disk.Remove(l.path(name)); err != nil {
			errs = append(errs, diskError("remove", l.path(name), err))
		}
	}
	for len(l.spares) > l.options.Spare { // found by Open
		remove(l.spares[0].name)
		l.spares = l.spares[1:]
	}
	for _, s := range gone {
		name := s.generation.file(spareSuffix)
		if !l.isWorthKeeping(s) {
			remove(s.name)
		} else if err := l.options.Disk.Rename(l.path(s.name), l.path(name)); err != nil {
			errs = append(errs, diskError("rename", l.path(s.name), err))
		} else {
			l.spares = append(l.spares, spare{name, s.bytes})
		}
		l.namesChanged()
	}
	return errors.Join(errs...)
}

// isWorthKeeping reports whether the segment's file is to be kept as a spare: it is
// wanted, sound, not much shorter than a segment gets, and within the cap.
func (l *Log) isWorthKeeping(s *segment) bool {
	held := l.Bytes() + s.bytes
	for _, spare := range l.spares {
		held += spare.bytes
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.spares) < l.options.Spare && s.failed == nil && s.state == readable &&
		s.bytes >= l.options.largestOf()/2 && (l.options.Cap <= 0 || held <= l.options.Cap)
}
