package queue

// Purge throws away all that waits, in memory and on the shelves, and returns how many
// points that were. What is in flight stays: the backend may be taking it. The shelves are
// given free once the read positions are stored, as with what was delivered.
//
// The spooler must not be at work meanwhile: no Block is between Leave and Wrote.
func (q *Queue) Purge() (points uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	before := q.dropped[DroppedPurged]
	for _, l := range q.lanes {
		l.purge()
	}
	return q.dropped[DroppedPurged] - before
}

func (l *Lane) purge() {
	for _, waits := range []*fifo{&l.ready, &l.waiting} {
		for waits.len() > 0 {
			l.queue.drop(waits.pop(), DroppedPurged)
		}
	}
	for shelf := range shelves {
		s := &l.shelves[shelf]
		l.queue.dropped[DroppedPurged] += s.unread()
		l.skip(shelf, s.end)
	}
}
