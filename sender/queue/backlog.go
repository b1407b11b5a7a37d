package queue

import (
	"time"

	"transfer/g/segment"
)

// OnDisk is the wait that Take returns when the lane's next Block lies in its spool:
// the owner reads it and Loads it.
const OnDisk = time.Duration(-1)

// longestWrite is for how long a lane waits for its spooler before it looks again.
const longestWrite = time.Second

// backlog is what a lane knows of its spool.
type backlog struct {
	read segment.Position // all before it is delivered or dropped
	next segment.Position // what the lane does not hold in memory begins here
	end  segment.Position // behind what was written
}

// unread returns how many points are to be read again.
func (s *backlog) unread() uint64 { return between(s.next, s.end) }

// between returns how many points lie between two positions of a spool, 0 where from
// lies behind to. A position without a number lies before all.
func between(from, to segment.Position) uint64 {
	first, next := max(1, from.Next), max(1, to.Next)
	if first > next {
		return 0
	}
	return next - first
}

// isSpooled reports whether what waits must go to the spool, since older points are
// there or on their way.
func (l *Lane) isSpooled() bool { return l.leaving.len() > 0 || l.spool.unread() > 0 }

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
		l.spool = backlog{read: places[i].Read, next: places[i].Read, end: places[i].End}
		q.accepted += l.spool.unread()
		l.rouseReader()
	}
	q.spools.Store(true)
}

// Unread returns the position in the spool from which the lane's next Block is to be
// read; false when there is none. Owner only, as are Blank, Load and Missing.
func (l *Lane) Unread() (from segment.Position, ok bool) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	return l.spool.next, l.spool.unread() > 0
}

// Blank returns an empty Block to be read into. It goes back by Load, or is left to
// the garbage collector.
func (l *Lane) Blank() *Block { return l.queue.pool.Get(l.loaded) }

// Load takes b, which Blank gave and which was read at from, as Unread returned it, up
// to end. Of the points that were missing before it, so many were damaged. It returns
// false when what comes next is another one by now: b is gone then.
func (l *Lane) Load(b *Block, from, end segment.Position, damaged uint64) bool {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	l.loaded = min(len(b.Payload), l.queue.maxBlock)
	if from != l.spool.next || between(l.spool.end, end) > 0 {
		l.queue.pool.Put(b)
		return false
	}
	l.lose(between(from, end)-min(between(from, end), uint64(b.Len())), damaged)
	b.spooled.end, l.spool.next = end, end
	l.ready.push(b)
	l.queue.charge(b)
	return true
}

// Missing notes that the spool has nothing from from up to end, so many points of it
// being damaged, after which the next Block is to be read.
func (l *Lane) Missing(from, end segment.Position, damaged uint64) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	if from != l.spool.next || between(l.spool.end, end) > 0 {
		return
	}
	l.lose(between(from, end), damaged)
	l.skip(end)
}

// lose counts points of the spool that nobody will see.
func (l *Lane) lose(points, damaged uint64) {
	damaged = min(points, damaged)
	l.queue.dropped[DroppedDamaged] += damaged
	l.queue.dropped[DroppedEncoding] += points - damaged
}

// Dropped notes that the spool gave up what lies before tail, and returns how many
// points of it had not been read. Spooler only.
func (l *Lane) Dropped(tail segment.Position, reason Reason) uint64 {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	lost := between(l.spool.next, tail)
	if lost > 0 {
		l.queue.dropped[reason] += lost
		l.skip(tail)
	}
	return lost
}

// skip makes the lane read on at position.
func (l *Lane) skip(position segment.Position) {
	l.spool.next = position
	if b := l.ready.newest(); b != nil {
		b.spooled.end = position
	} else {
		l.pass(position)
	}
}

// pass counts what lies before position as delivered or dropped, once what is in
// flight is: that lies before it.
func (l *Lane) pass(position segment.Position) {
	if b := l.flight.newest(); b != nil {
		b.spooled.end = position
	} else {
		l.spool.read = position
	}
}

// rouseReader wakes the owner if it waits for something that the spool may have now.
func (l *Lane) rouseReader() {
	if l.awaits == written || l.awaits == anyPoint {
		l.awaits = nothing
		l.signal()
	}
}
