package queue

import (
	"time"

	"transfer/g/segment"
	"transfer/g/stat"
)

// Account is a queue's state, read in one piece.
type Account struct {
	stat.Ledger
	Bytes   int64     // in memory
	Oldest  time.Time // acceptance of the oldest point in memory; zero: none
	Spooled bool      // new points of a lane wait behind older ones on a shelf
	OnDisk  uint64    // points of the spools that are neither delivered nor dropped
	InRedis uint64    // likewise of the streams
}

// State is what has to be stored of a queue so that another one can go on where this
// one was.
type State struct {
	Lanes  []LaneState
	Ledger stat.Ledger
}

// LaneState is how far a lane has come.
type LaneState struct {
	// Mark is the sequence number of the journal up to which all points of the lane are
	// delivered, dropped, or on a shelf.
	Mark uint64
	// Read is the place in the spool before which all points are delivered or dropped;
	// End lies behind what was written.
	Read, End segment.Position
	// ReadStream and EndStream say the same of its stream, in numbers of its points.
	ReadStream, EndStream uint64 `json:",omitempty"`
}

// Account returns the ledger and what is queued. What is queued is counted, point by
// point, apart from what was accepted and what became of it: so the ledger balances
// only if it is true.
func (q *Queue) Account() Account {
	q.mu.Lock()
	defer q.mu.Unlock()
	a := Account{Ledger: q.ledger(), Bytes: q.bytes.Load()}
	for _, l := range q.lanes {
		a.Spooled = a.Spooled || l.isSpooled()
		a.OnDisk += between(l.shelves[OnDisk].read, l.shelves[OnDisk].end)
		a.InRedis += between(l.shelves[InStream].read, l.shelves[InStream].end)
		for b := range l.blocks() {
			if a.Oldest.IsZero() || b.Accepted.Before(a.Oldest) {
				a.Oldest = b.Accepted
			}
		}
	}
	return a
}

// State returns what has to be stored, with no mark above upTo. Points that were moved
// here and are in memory only, or in the stream of another relay, are not counted: they
// would be moved again.
func (q *Queue) State(upTo uint64) State {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := State{Ledger: q.ledger()}
	for _, l := range q.lanes {
		s.Lanes = append(s.Lanes, l.state(upTo))
		borrowed := l.borrowed()
		s.Ledger.MovedIn, s.Ledger.Queued = s.Ledger.MovedIn-borrowed, s.Ledger.Queued-borrowed
	}
	return s
}

// state returns what has to be stored of the lane.
func (l *Lane) state(upTo uint64) LaneState {
	stream, disk := &l.shelves[InStream], &l.shelves[OnDisk]
	s := LaneState{Mark: l.mark(upTo), Read: disk.read, End: disk.end}
	if !l.stream.adopted {
		s.ReadStream, s.EndStream = stream.read.Next, stream.end.Next
	}
	return s
}

// borrowed returns how many points have moved here of which others have the record: they
// are still counted where they come from.
func (l *Lane) borrowed() (points uint64) {
	adopted := l.stream.adopted
	if adopted {
		points = l.shelves[InStream].unread()
	}
	for b := range l.blocks() {
		if !b.isStored() || adopted && b.liesOn(InStream) {
			points += uint64(b.moved)
		}
	}
	return points
}

// Restore makes the counters go on where they were in the past. Of what was queued
// then, the shelves have brought back what they hold; nothing else is queued here, so
// that many points were accepted and are not accounted for yet. It is called once,
// before anything is put.
func (q *Queue) Restore(past stat.Ledger) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.delivered, q.movedIn, q.movedOut = past.Delivered, past.MovedIn, past.MovedOut
	q.resent, q.failed, q.rejected, q.replayed = past.Resent, past.Failed, past.Rejected, past.Replayed
	q.others = make(map[string]uint64)
	for name, n := range past.Dropped {
		q.others[name] = n
	}
	for reason, name := range reasonNames() {
		q.dropped[reason] = past.Dropped[name]
		delete(q.others, name)
	}
	now := q.ledger()
	q.accepted = now.Delivered + now.Queued + now.DroppedTotal() + now.MovedOut - now.MovedIn
}

// ledger returns the queue's ledger. The caller holds the lock.
func (q *Queue) ledger() stat.Ledger {
	l := stat.Ledger{
		Accepted: q.accepted, MovedIn: q.movedIn, Delivered: q.delivered, MovedOut: q.movedOut,
		Dropped: make(map[string]uint64),
		Resent:  q.resent, Failed: q.failed, Rejected: q.rejected, Replayed: q.replayed,
	}
	for _, lane := range q.lanes {
		l.Queued += lane.count()
	}
	for name, n := range q.others {
		l.Dropped[name] = n
	}
	for reason, name := range reasonNames() {
		if n := q.dropped[reason]; n > 0 {
			l.Dropped[name] = n
		}
	}
	return l
}

// count returns how many points are neither delivered nor dropped.
func (l *Lane) count() uint64 {
	n := l.unread()
	for b := range l.blocks() {
		n += uint64(b.Len())
	}
	return n
}

// mark returns the sequence number up to which all points of the lane are delivered,
// dropped, or on a shelf, if upTo is that of the whole relay. Points of the memory
// mode have no numbers.
func (l *Lane) mark(upTo uint64) uint64 {
	for b := range l.blocks() {
		if !b.isSafe() && b.First > 0 {
			upTo = min(upTo, b.First-1)
		}
	}
	return upTo
}
