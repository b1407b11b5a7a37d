package queue

import (
	"time"

	"transfer/g/segment"
)

// The stream of a lane lies in Redis, where other relays reach it too. What the lane knows
// of it is its own account, true or not: points count as queued from when they were written
// until they are delivered, or until the relay gets hold of the stream and finds that they
// are not there (Reconcile). So the ledger balances whatever becomes of Redis.
//
// The owner of a stream attaches it with what was stored of it (AttachStream), and has it
// for good. A relay that adopts the stream of another one attaches it to a lane of a former
// target (AdoptStream), never writes to it, and gives it back (DetachStream) when it has
// lost hold of it, or has emptied it.

// holding is what a lane knows of its stream beside the backlog.
type holding struct {
	attached bool
	adopted  bool   // the stream is another relay's
	unknown  bool   // nobody knows what was stored of it: Reconcile takes what is there
	claim    uint64 // Found.Claim of the last Reconcile
}

// Found is what a relay finds in a stream when it gets hold of it.
type Found struct {
	Claim     uint64 // rises each time that it gets hold of the stream; 0: it never did
	Head, End uint64 // numbers of the first point that is there, and behind the last
	// TakenUntil is behind the last point that other relays have delivered in the place
	// of the owner; 0: none.
	TakenUntil uint64
}

// AttachStream gives the lane its own stream: all before the number read is delivered or
// dropped, and end lies behind what was written. These points count as accepted and as
// queued, also as long as Redis is away. With 0 for both nobody knows, and the first
// Reconcile tells. It is called once, before Restore.
func (l *Lane) AttachStream(read, end uint64) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	l.attach(read, end, holding{unknown: end == 0})
	l.queue.accepted += l.shelves[InStream].unread()
}

// AdoptStream gives the lane the stream of another relay, of which that relay had this
// much left. Its points count as moved in, and are in no State: whether this relay still
// has them after a restart is not for it to say. The lane must have no stream. It ends Pass.
func (l *Lane) AdoptStream(read, end uint64) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	l.attach(read, end, holding{adopted: true})
	l.queue.movedIn += l.shelves[InStream].unread()
	l.onward = nil // what comes waits behind it
	l.rouseReader()
}

func (l *Lane) attach(read, end uint64, h holding) {
	from, to := number(read), number(max(read, end))
	l.shelves[InStream] = backlog{read: from, next: from, end: to}
	l.stream = h
	l.stream.attached = true
}

// number returns the position of a point in a stream.
func number(n uint64) segment.Position { return segment.Position{Next: n} }

// DetachStream takes an adopted stream from the lane and returns how many of its points
// were queued and are not any more: they did not move in after all. What is in flight was
// put onward and counts as moved. Any goroutine may call it.
func (l *Lane) DetachStream() (points uint64) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	if !l.stream.adopted {
		return 0
	}
	points = l.unload()
	l.queue.movedIn -= points
	for i := range l.flight.len() {
		if b := l.flight.at(i); b.liesOn(InStream) {
			b.spooled.end, b.spooled.unfit = segment.Position{}, true
		}
	}
	l.shelves[InStream], l.stream = backlog{}, holding{}
	l.rouseReader()
	return points
}

// unload takes all points of the stream that are not in flight from the lane, and returns
// how many these were.
func (l *Lane) unload() (points uint64) {
	s := &l.shelves[InStream]
	points = s.unread()
	s.next = s.end
	l.ready.remove(func(b *Block) bool {
		if !b.liesOn(InStream) {
			return false
		}
		points += uint64(b.Len())
		l.queue.release(b)
		return true
	})
	return points
}

// Reconcile makes the lane's account of its stream agree with where the stream begins, as
// was found when the relay got hold of it. What others have delivered counts as moved out;
// what is gone otherwise as dropped, for DroppedRedisLost; what the lane holds in memory it
// keeps. What is gone from the middle or the end shows when it is to be read.
// Nothing is to be sent or written before it has returned true. It returns false while the
// lane has points in flight that others have delivered: they have to be delivered or
// withdrawn first. Any goroutine may call it, as often as it likes: once for each claim
// there is something to do.
func (l *Lane) Reconcile(f Found) bool {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	if f.Claim == l.stream.claim {
		return true
	}
	s := &l.shelves[InStream]
	switch {
	case l.stream.unknown:
		s.read, s.next, s.end = number(f.Head), number(f.Head), number(max(f.Head, f.End))
		l.queue.accepted += s.unread()
	case !l.stream.adopted && f.TakenUntil > max(1, s.read.Next):
		if newestOn(InStream, &l.flight) != nil {
			return false
		}
		l.taken(f)
	case between(s.next, number(f.Head)) > 0:
		head := number(min(f.Head, s.end.Next))
		l.queue.dropped[DroppedRedisLost] += between(s.next, head)
		l.skip(InStream, head)
	}
	l.stream.claim, l.stream.unknown = f.Claim, false
	l.rouseReader()
	return true
}

// taken counts what others have delivered of the stream, of which nothing is in flight.
func (l *Lane) taken(f Found) {
	s := &l.shelves[InStream]
	head := number(min(f.Head, s.end.Next))
	others := between(s.read, number(min(f.TakenUntil, head.Next)))
	had := l.unload()
	s.read, s.next = head, head
	left := s.unread()
	if left > had { // a gap was counted as lost, and is to be read once more
		l.queue.accepted += left - had
		return
	}
	others = min(others, had-left)
	l.queue.movedOut += others
	l.queue.dropped[DroppedRedisLost] += had - left - others
}

// SendsStream reports whether something of the stream is in flight or what comes next: so
// that the owner may send only while it holds the stream. Owner only.
func (l *Lane) SendsStream() bool {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	if !l.stream.attached {
		return false
	}
	if newestOn(InStream, &l.flight) != nil {
		return true
	}
	if b := l.ready.oldest(); b != nil {
		return b.liesOn(InStream)
	}
	return l.shelves[InStream].unread() > 0
}

// Expire drops what is too old, as Take does. Owner only.
func (l *Lane) Expire(now time.Time) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	l.expire(now)
}

// Withdraw gives the Blocks in flight back as Return does, but as none that a call failed
// with: none of them was sent since it was taken. Owner only.
func (l *Lane) Withdraw() {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	l.giveBack()
}
