package queue

import "transfer/g/segment"

// Shelf is one of the two places outside memory where the backlog of a lane lies. All on
// the first one is older than all on the second: the spooler puts nothing in the stream
// before the disk has nothing left, so the lane empties one after the other.
type Shelf uint8

// The shelves.
const (
	InStream Shelf = iota // in Redis, in the lane's stream; its positions are numbers only
	OnDisk                // in the lane's spool
	shelves               // how many there are
)

// backlog is what a lane knows of a shelf.
type backlog struct {
	read segment.Position // all before it is delivered or dropped
	next segment.Position // what the lane does not hold in memory begins here
	end  segment.Position // behind what was written
}

// unread returns how many points are to be read again.
func (s *backlog) unread() uint64 { return between(s.next, s.end) }

// between returns how many points lie between two positions of a shelf, 0 where from
// lies behind to. A position without a number lies before all.
func between(from, to segment.Position) uint64 {
	first, next := max(1, from.Next), max(1, to.Next)
	if first > next {
		return 0
	}
	return next - first
}

// unread returns how many points of both shelves are to be read again.
func (l *Lane) unread() uint64 {
	return l.shelves[InStream].unread() + l.shelves[OnDisk].unread()
}

// isSpooled reports whether what waits must go to a shelf, since older points are there
// or on their way.
func (l *Lane) isSpooled() bool { return l.leaving.len() > 0 || l.unread() > 0 }

// newestOn returns the newest of the lists' Blocks that lie on the shelf too, nil if there
// is none. Behind it there may be others, which a lane without a backlog took from memory.
// The lists are given the newest first.
func newestOn(shelf Shelf, lists ...*fifo) *Block {
	for _, f := range lists {
		for i := f.len() - 1; i >= 0; i-- {
			if b := f.at(i); b.liesOn(shelf) {
				return b
			}
		}
	}
	return nil
}

// skip makes the lane read the shelf on at position.
func (l *Lane) skip(shelf Shelf, position segment.Position) {
	l.shelves[shelf].next = position
	l.pass(shelf, position, &l.ready, &l.flight)
}

// pass counts what lies before position as delivered or dropped, once what the lists hold
// of the shelf is: that lies before it.
func (l *Lane) pass(shelf Shelf, position segment.Position, lists ...*fifo) {
	if b := newestOn(shelf, lists...); b != nil {
		b.spooled.end = position
	} else {
		l.shelves[shelf].read = position
	}
}

// IsEmpty reports whether all that was written to the shelf is delivered or dropped.
// What comes next may be written before it then.
func (l *Lane) IsEmpty(shelf Shelf) bool {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	s := &l.shelves[shelf]
	return between(s.read, s.end) == 0
}

// End returns the position behind what was written to the shelf.
func (l *Lane) End(shelf Shelf) segment.Position {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	return l.shelves[shelf].end
}
