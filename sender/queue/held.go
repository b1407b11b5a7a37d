package queue

import (
	"time"

	"transfer/g/segment"
)

// Held is what waits in a lane.
type Held struct {
	Memory uint64           // points that are in memory only, also those in flight
	Disk   uint64           // points of the spool that are neither delivered nor dropped
	Oldest time.Time        // acceptance of the oldest point; zero: it is not known, or there is none
	Read   segment.Position // in the spool, before which all is delivered or dropped
}

// Held returns what waits in the lane.
func (l *Lane) Held() Held {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	h := Held{Disk: l.spool.unread(), Read: l.spool.read}
	for b := range l.blocks() {
		if b.spooled.end.Next > 0 {
			h.Disk += uint64(b.Len())
		} else {
			h.Memory += uint64(b.Len())
		}
	}
	// Blocks that are in flight or returned come before what is in the spool only.
	if h.Disk == 0 || l.flight.len()+l.ready.len() > 0 {
		for b := range l.blocks() {
			h.Oldest = b.Accepted
			break
		}
	}
	return h
}

// IsSafe reports whether all points that were accepted up to the given time are
// delivered, dropped, or in the spools.
func (q *Queue) IsSafe(until time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, l := range q.lanes {
		for b := range l.blocks() {
			if b.spooled.end.Next == 0 && !b.Accepted.After(until) {
				return false
			}
		}
	}
	return true
}
