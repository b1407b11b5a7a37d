package segment

import (
	"cmp"
	"slices"
)

// view is what a reader is told about a segment at one moment.
type view struct {
	ok bool // there is such a segment
	header
	name   string
	seed   uint32
	state  state
	newest bool
	end    int64
	next   uint64

	logEnd Position
	passed uint64 // see Log
}

// view returns the first segment with the given number or a higher one.
func (l *Log) view(number uint64) view {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := view{logEnd: l.end, passed: l.passed}
	i, _ := slices.BinarySearchFunc(l.segments, number, func(s *segment, number uint64) int {
		return cmp.Compare(s.number, number)
	})
	if i < len(l.segments) {
		s := l.segments[i]
		v.ok, v.newest = true, i == len(l.segments)-1
		v.header, v.name, v.seed, v.state, v.end, v.next = s.header, s.name, s.seed, s.state, s.end, s.next
	}
	return v
}
