package queue

// Purge throws away all that waits, in memory and in the spools, and returns how many
// points that were. What is in flight stays: the backend may be taking it. The disk is
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
	l.queue.dropped[DroppedPurged] += l.spool.unread()
	l.spool.next = l.spool.end
	if b := l.newestSpooled(); b != nil {
		b.spooled.end = l.spool.end
	} else {
		l.spool.read = l.spool.end
	}
}

// newestSpooled returns the newest of the Blocks in flight that lie in the spool too,
// nil if there is none. Behind it there may be others, which a lane without a backlog
// took from memory.
func (l *Lane) newestSpooled() *Block {
	for i := l.flight.len() - 1; i >= 0; i-- {
		if b := l.flight.at(i); b.spooled.end.Next > 0 {
			return b
		}
	}
	return nil
}
