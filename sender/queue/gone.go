package queue

// IsGone reports whether the points up to the spot are delivered or dropped, and lie on no
// shelf of the lane either. Of what is put behind them on a shelf, some may have to be gone
// too.
func (s *Spot) IsGone() bool {
	l := s.lane
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	if !s.shelved {
		for b := range l.blocks() {
			if b.before < s.until && !b.isStored() {
				return false
			}
		}
		s.shelved = true
		for shelf := range shelves {
			s.ends[shelf] = l.shelves[shelf].end
		}
	}
	for shelf := range shelves {
		if shelf == InStream && l.stream.adopted {
			continue // nothing that is put ever comes there
		}
		on := &l.shelves[shelf]
		if between(on.read, s.ends[shelf]) > 0 && between(on.read, on.end) > 0 {
			return false
		}
	}
	return true
}

// HasBacklog reports whether something waits in the lane, in memory or on a shelf, beside
// what is in flight.
func (l *Lane) HasBacklog() bool {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	return l.ready.len()+l.leaving.len()+l.waiting.len() > 0 || l.unread() > 0
}

// IsFromStream reports whether the i-th oldest Block in flight lies in the lane's stream.
// Owner only.
func (l *Lane) IsFromStream(i int) bool {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	return l.flight.at(i).liesOn(InStream)
}
