package queue

import (
	"time"

	"transfer/g/segment"
)

// A lane of a target that has left the configuration moves what it holds to other
// lanes: those of the targets that own its series now. Its owner takes Blocks as ever and
// puts their items there. Meanwhile the new points of these series are put into this lane,
// behind the older ones. Once nothing waits in it any more, it passes them straight on:
// whatever was here is with the other lanes by then, so the order of each series holds,
// and no point has waited for more than what was before it.

// Onward puts the chosen items of src where a lane that passes points on has its own.
// moved says that they were queued elsewhere before; then it returns their spots, and how
// many of them have no place to go to. src stays the caller's. Any goroutine may call it,
// with no queue's lock held.
type Onward func(src *Block, chosen []int32, moved bool) (spots []Spot, lost int)

// Spot is where points were put in a lane: those up to the number that the lane itself
// gave them.
type Spot struct {
	lane    *Lane
	until   uint64
	shelved bool                      // they are stored, delivered or dropped, and if stored then
	ends    [shelves]segment.Position // before these
}

// IsSafe reports whether the points up to the spot are delivered, dropped, or on a
// shelf of the lane.
func (s Spot) IsSafe() bool {
	s.lane.queue.mu.Lock()
	defer s.lane.queue.mu.Unlock()
	for b := range s.lane.blocks() {
		if b.before < s.until && !b.isStored() {
			return false
		}
	}
	return true
}

// Ask makes the lane's target turn spooled soon, so that the spot becomes safe.
func (s Spot) Ask() { s.lane.queue.Ask() }

// HasRoom is that of the lane's queue.
func (l *Lane) HasRoom() bool { return l.queue.HasRoom() }

// HasTaken reports whether points were moved to the queue.
func (q *Queue) HasTaken() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.movedIn > 0
}

// PutMoved is Put for items that another queue had accepted. They have no numbers of the
// journal here: until their spots are safe, the lane that they come from vouches for
// them. It returns these, and how many of the items have no place to go to.
func (l *Lane) PutMoved(src *Block, chosen []int32, now time.Time) (spots []Spot, lost int) {
	q := l.queue
	q.mu.Lock()
	if pass := l.onward; pass != nil {
		q.mu.Unlock()
		return pass(src, chosen, true)
	}
	q.movedIn += uint64(len(chosen))
	held := q.bytes.Load()
	bare := Block{Payload: src.Payload, Items: src.Items, Accepted: src.Accepted, since: now}
	l.put(&bare, chosen)
	spot := Spot{lane: l, until: l.entered}
	l.accepted(held)
	return []Spot{spot}, 0
}

// Moves makes what leaves the lane from now on count as moved, or as delivered again.
// Owner only, with nothing in flight.
func (l *Lane) Moves(moves bool) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	l.moves, l.settle.pause = moves, l.queue.limits.Settle
	if moves {
		l.settle.pause = 0 // the lanes to which the points go see to that
	}
}

// Pass makes the lane pass on what is put from now on, if nothing waits in it; what is
// in flight was put onward already. It reports whether the lane passes. Owner only.
func (l *Lane) Pass(onward Onward) bool {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	if l.onward == nil && l.ready.len()+l.leaving.len()+l.waiting.len() == 0 && l.unread() == 0 {
		l.onward = onward
	}
	return l.onward != nil
}

// Keep ends Pass: the lane keeps what is put again.
func (l *Lane) Keep() {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	l.onward = nil
}

// Discard says that so many points of the Blocks in flight have no place to be moved to,
// since another address of their node had them too. The Delivered that ends these Blocks
// counts them as dropped instead. Owner only.
func (l *Lane) Discard(points int) { l.discarded += points }

// Moved reports whether nothing of the lane is left: it passes all on, and nothing is in
// flight.
func (l *Lane) Moved() bool {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	return l.onward != nil && l.flight.len() == 0
}

// Nudge wakes the lane's owner for a reason that the queue does not know.
func (l *Lane) Nudge() { l.signal() }

// waited returns for how long the Block has waited in this queue.
func (b *Block) waited(now time.Time) time.Duration {
	if !b.since.IsZero() {
		return now.Sub(b.since)
	}
	return now.Sub(b.Accepted)
}
