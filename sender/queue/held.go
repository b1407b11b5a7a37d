package queue

import (
	"time"

	"transfer/g/segment"
)

// Held is what waits in a lane.
type Held struct {
	Memory uint64           // points that are in memory only, also those in flight
	Disk   uint64           // points of the spool that are neither delivered nor dropped
	Stream uint64           // likewise of the stream
	Oldest time.Time        // acceptance of the oldest point; zero: it is not known, or there is none
	Read   segment.Position // in the spool, before which all is delivered or dropped
	// ReadStream is likewise the number of a point in the stream.
	ReadStream uint64
}

// Held returns what waits in the lane.
func (l *Lane) Held() Held {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	stream, disk := &l.shelves[InStream], &l.shelves[OnDisk]
	h := Held{Disk: disk.unread(), Stream: stream.unread(), Read: disk.read, ReadStream: stream.read.Next}
	for b := range l.blocks() {
		switch {
		case b.liesOn(OnDisk):
			h.Disk += uint64(b.Len())
		case b.liesOn(InStream):
			h.Stream += uint64(b.Len())
		default:
			h.Memory += uint64(b.Len())
		}
	}
	// Blocks that are in flight or returned come before what is on the shelves only.
	if h.Disk+h.Stream == 0 || l.flight.len()+l.ready.len() > 0 {
		for b := range l.blocks() {
			h.Oldest = b.Accepted
			break
		}
	}
	return h
}

// IsSafe reports whether all points that were accepted up to the given time are
// delivered, dropped, or on the shelves.
func (q *Queue) IsSafe(until time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, l := range q.lanes {
		for b := range l.blocks() {
			if !b.isStored() && !b.Accepted.After(until) {
				return false
			}
		}
	}
	return true
}
