package queue

import (
	"time"

	"transfer/g/segment"
)

// OnShelf is the wait that Take returns when the lane's next Block lies on a shelf: the
// owner reads it and Loads it.
const OnShelf = time.Duration(-1)

// longestWrite is for how long a lane waits for its spooler before it looks again.
const longestWrite = time.Second

// Place is what a spool holds when it is opened: all before Read is delivered or
// dropped, and End is its end.
type Place struct{ Read, End segment.Position }

// Attach gives the queue the spools of its lanes, each with its place. The points in
// them count as accepted. It is called once; the lanes' older points should be in
// there, so the sooner the better.
func (q *Queue) Attach(places []Place) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, l := range q.lanes {
		l.shelves[OnDisk] = backlog{read: places[i].Read, next: places[i].Read, end: places[i].End}
		q.accepted += l.shelves[OnDisk].unread()
		l.rouseReader()
	}
	q.spools.Store(true)
}

// Unread returns the shelf, and the position on it, from which the lane's next Block is to
// be read; false when there is none. Owner only, as are Blank, Load and Missing.
func (l *Lane) Unread() (shelf Shelf, from segment.Position, ok bool) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	for shelf := range shelves {
		if s := &l.shelves[shelf]; s.unread() > 0 {
			return shelf, s.next, true
		}
	}
	return OnDisk, l.shelves[OnDisk].next, false
}

// Blank returns an empty Block to be read into. It goes back by Load, or is left to
// the garbage collector.
func (l *Lane) Blank() *Block { return l.queue.pool.Get(l.loaded) }

// Load takes b, which Blank gave and which was read from the shelf at from, as Unread
// returned them, up to end. Of the points that were missing before it, so many were
// damaged. It returns false when what comes next is another one by now: b is gone then.
func (l *Lane) Load(b *Block, shelf Shelf, from, end segment.Position, damaged uint64) bool {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	l.loaded = min(len(b.Payload), l.queue.maxBlock)
	s := &l.shelves[shelf]
	if from != s.next || between(s.end, end) > 0 {
		l.queue.pool.Put(b)
		return false
	}
	l.lose(shelf, between(from, end)-min(between(from, end), uint64(b.Len())), damaged)
	s.next = end
	b.lie(shelf, end)
	if shelf == InStream && l.stream.adopted {
		b.moved = b.Len()
	}
	l.ready.push(b)
	l.queue.charge(b)
	return true
}

// Missing notes that the shelf has nothing from from up to end, so many points of it
// being damaged, after which the next Block is to be read.
func (l *Lane) Missing(shelf Shelf, from, end segment.Position, damaged uint64) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	if from != l.shelves[shelf].next || between(l.shelves[shelf].end, end) > 0 {
		return
	}
	l.lose(shelf, between(from, end), damaged)
	l.skip(shelf, end)
}

// lose counts points of the shelf that nobody will see.
func (l *Lane) lose(shelf Shelf, points, damaged uint64) {
	if shelf == InStream {
		l.queue.dropped[DroppedRedisLost] += points
		return
	}
	damaged = min(points, damaged)
	l.queue.dropped[DroppedDamaged] += damaged
	l.queue.dropped[DroppedEncoding] += points - damaged
}

// Dropped notes that the shelf gave up what lies before tail, and returns how many
// points of it had not been read. Spooler only.
func (l *Lane) Dropped(shelf Shelf, tail segment.Position, reason Reason) uint64 {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	lost := between(l.shelves[shelf].next, tail)
	if lost > 0 {
		l.queue.dropped[reason] += lost
		l.skip(shelf, tail)
	}
	return lost
}

// rouseReader wakes the owner if it waits for something that a shelf may have now.
func (l *Lane) rouseReader() {
	if l.awaits == written || l.awaits == anyPoint {
		l.awaits = nothing
		l.signal()
	}
}
