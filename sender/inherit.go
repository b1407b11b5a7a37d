package sender

import "time"

// inheritWindow is how many bytes of an inherited stream a lane may have put onward that are
// not delivered: what comes twice if this relay is gone, too.
const inheritWindow = 1 << 20

// hand gives the former target the streams that were left to it. Its lanes may have ended
// with what was left before.
func (s *Sender) hand(left *legacy) {
	t := left.target
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gone = false
	for lane, stream := range left.streams {
		l, found := t.lanes[lane], stream.Claim()
		l.inherited.Store(nil)
		l.blocks.DetachStream() // of an adoption before, which the lane may not know to be over
		l.blocks.AdoptStream(found.Head, found.End)
		l.inherited.Store(stream) // now what the lane has read is read of this one
		if l.ended {
			l.ended = false
			s.runLane(l)
		}
	}
}

// disinherit takes the stream from the lane if it is not this relay's any more, since it is
// empty or another relay has it. onward is how many Blocks in flight were put onward.
func (l *lane) disinherit(onward int) {
	stream := l.inherited.Load()
	if stream == nil || !stream.IsGone() {
		return
	}
	if onward == 0 {
		l.blocks.Withdraw()
	}
	l.expects = time.Time{}
	l.target.mu.Lock()
	defer l.target.mu.Unlock()
	if !l.inherited.CompareAndSwap(stream, nil) {
		return // it has been handed another one
	}
	if points := l.blocks.DetachStream(); points > 0 {
		l.target.health.log.Warn("another relay drains what was adopted here", "lane", l.index, "points", points)
	}
}

// mayForward reports whether what comes next may be put onward, so many Blocks in flight
// having been: of a stream only while that is held.
func (l *lane) mayForward(onward int) bool {
	l.disinherit(onward)
	return l.unheld(false) == 0 && !l.isExpecting()
}

// returnsWithin is how much longer than a lease it takes until a stream that was adopted
// by the process before is adopted again.
const returnsWithin = 5 * time.Second

// expect makes the lanes of a target that the process before had adopted wait for a while
// for their streams, which come before what waits here. Whether this relay gets them again
// nobody knows.
func (t *target) expect(s *shared) {
	if t.relay == "" || s.storage.Overflow == nil {
		return
	}
	for _, l := range t.lanes {
		l.expects = s.now().Add(s.storage.Overflow.Lease() + returnsWithin)
	}
}

// isExpecting reports whether the lane waits for its stream.
func (l *lane) isExpecting() bool {
	return l.inherited.Load() == nil && l.now.Before(l.expects)
}

// confirm gives free what was delivered of the streams that the target has inherited. No
// state has that: the stream itself begins where it was given free.
func (t *target) confirm() {
	for _, l := range t.lanes {
		if stream := l.inherited.Load(); stream != nil {
			stream.Release(l.blocks.Held().ReadStream)
		}
	}
}
