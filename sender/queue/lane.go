package queue

import (
	"iter"
	"math"
	"time"
)

// Forever is the wait of an empty lane: only a signal ends it.
const Forever = time.Duration(math.MaxInt64)

// awaited is what would let the owner of a lane Take earlier than it was told.
type awaited uint8

const (
	nothing   awaited = iota // it is awake, or only time can help
	written                  // the spooler has what comes next
	anyPoint                 // the lane was empty
	fullBlock                // the first Block waits for more
)

// Lane is one FIFO of a queue: the Blocks of a fixed part of its series. Any
// goroutine may put into it; one, the lane's owner, takes from it.
type Lane struct {
	queue *Queue

	// Guarded by the queue's lock. What each Put looks at comes first.
	waiting   fifo   // the newest is open: points are added to it
	onward    Onward // nil: the lane keeps what is put
	moves     bool   // what leaves counts as moved
	entered   uint64 // points put so far
	busy      bool   // the owner has better to do than to wait for a full Block
	awaits    awaited
	usual     int  // bytes of payload of the last Block taken
	flying    int  // memory of the Blocks in flight; changed by the owner only
	flight    fifo // taken by the owner, not yet delivered; likewise
	buried    int  // points of those that the backend refused for good; likewise
	discarded int  // points of those that have no place to be moved to; likewise
	ready     fifo // to be taken before what waits: returned, or read from a shelf
	leaving   fifo // with the spooler, to be read again when it is written
	shelves   [shelves]backlog
	stream    holding
	loaded    int // bytes of payload of the last Block read; owner only
	took      time.Time
	settle    settle

	wake chan struct{} // holds one signal
}

func newLane(q *Queue, pause time.Duration) *Lane {
	return &Lane{queue: q, wake: make(chan struct{}, 1), settle: settle{pause: pause}}
}

// Wake delivers a signal when an owner that Take told to wait may Take after all. It
// may also deliver one for nothing.
func (l *Lane) Wake() <-chan struct{} { return l.wake }

// Put copies the chosen items of src in order; src stays the caller's. When the
// queue's bytes are used up, its oldest points go.
func (l *Lane) Put(src *Block, chosen []int32) {
	held := l.queue.accept(len(chosen))
	if pass := l.onward; pass != nil {
		l.queue.decline(len(chosen))
		pass(src, chosen, false)
		return
	}
	l.put(src, chosen)
	l.accepted(held)
}

// put is Put with the queue's lock held.
func (l *Lane) put(src *Block, chosen []int32) {
	for len(chosen) > 0 {
		b := l.open(src, len(src.Item(int(chosen[0]))))
		n := b.take(src, chosen, l.room())
		chosen = chosen[n:]
		l.entered += uint64(n)
		if !src.since.IsZero() {
			b.moved += n
		}
		b.Cover(src)
		l.queue.charge(b) // which may drop it
	}
}

// Replayed notes that so many of the points that were put had been accepted by another
// process.
func (l *Lane) Replayed(points int) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	l.queue.replayed += uint64(points)
}

// PutAll is Put with all items of src.
func (l *Lane) PutAll(src *Block) {
	held := l.queue.accept(src.Len())
	if pass := l.onward; pass != nil {
		l.queue.decline(src.Len())
		pass(src, everyItem(src), false)
		return
	}
	for from := 0; from < src.Len(); {
		b := l.open(src, len(src.Item(from)))
		n := b.takeRun(src, from, l.room())
		from += n
		l.entered += uint64(n)
		b.Cover(src)
		l.queue.charge(b) // which may drop it
	}
	l.accepted(held)
}

// everyItem returns the numbers of all items of b.
func everyItem(b *Block) []int32 {
	all := make([]int32, b.Len())
	for i := range all {
		all[i] = int32(i)
	}
	return all
}

// accepted ends what queue.accept began, and does what is better done without the
// lock.
func (l *Lane) accepted(held int64) {
	wake := l.rouses()
	grown := l.queue.bytes.Load() > held
	l.queue.mu.Unlock()
	if wake {
		l.signal()
	}
	if grown {
		l.queue.grew()
	}
}

func (l *Lane) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// rouses reports whether the owner is to be woken for what was put.
func (l *Lane) rouses() bool {
	if l.awaits < anyPoint || l.awaits == fullBlock && !l.isFull() {
		return false
	}
	l.awaits = nothing
	return true
}

// isFull reports whether the oldest Block that waits holds a batch or takes no more.
func (l *Lane) isFull() bool {
	return l.waiting.len() > 1 || l.waiting.len() == 1 && l.waiting.oldest().Len() >= l.queue.limits.Batch
}

// room returns what the newest Block may grow to. When the lane is busy it may
// outgrow the batch: what is bounded then is calls, not points.
func (l *Lane) room() room {
	if l.busy || l.waiting.len() >= backlogBlocks {
		return room{bytes: l.queue.maxBlock, items: math.MaxInt}
	}
	return room{bytes: l.queue.maxBlock, items: l.queue.limits.Batch}
}

// open returns a Block with room for an item of src of so many bytes: the newest one,
// or a new one if that takes no more.
func (l *Lane) open(src *Block, item int) *Block {
	b := l.waiting.newest()
	if b == nil || !l.takes(b, src, item) {
		b = l.queue.pool.Get(max(item, l.expected()))
		b.before, b.since = l.entered, src.since
		l.waiting.push(b)
	} else if len(b.Payload)+item > cap(b.Payload) {
		l.queue.pool.grow(b, item)
	}
	return b
}

// takes reports whether b, the newest Block, takes an item of src of so many bytes.
// A Block in which points have come together for long takes no more, nor does it take one
// that is much older: it goes as a whole when its first point is too old.
func (l *Lane) takes(b, src *Block, item int) bool {
	return l.room().takes(b.Len(), len(b.Payload)+item) && src.Accepted.Sub(b.Accepted).Abs() <= l.queue.span
}

// expected returns how many bytes the next Block is likely to get: as many as the
// last one. To grow up to that would cost a copy. But only a busy lane gets a large
// one on suspicion.
func (l *Lane) expected() int {
	const modest = 64 << 10
	if l.busy {
		return l.usual
	}
	return min(l.usual, modest)
}

// Take gives the oldest Block to the owner when it is due: it holds a batch, or its
// first point has waited for linger, or it was returned or read from a shelf; and
// the backend has settled. Otherwise it returns nil and how long nothing can become
// due but by a signal on Wake: Forever when the lane is empty, OnShelf when the owner
// has to read on.
//
// A lane that gave a Block less than linger ago is busy: there the points wait for
// linger, even if they are more than a batch, and go in one larger Block. So a lane
// makes about one call a linger at most, and no point waits for longer than that.
//
// Points older than the queue's MaxAge are dropped on the way.
func (l *Lane) Take(now time.Time, linger time.Duration) (*Block, time.Duration) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	l.expire(now)
	l.awaits, l.busy = nothing, false
	from := &l.ready
	if from.len() == 0 {
		if wait := l.waitsForShelf(); wait != 0 {
			return nil, wait
		}
		from = &l.waiting
	}
	b := from.oldest()
	if b == nil {
		l.awaits = anyPoint
		return nil, Forever
	}
	l.busy = now.Sub(l.took) < linger
	if wait := b.Accepted.Add(linger).Sub(now); wait > 0 && from == &l.waiting && from.len() == 1 && (l.busy || !l.isFull()) {
		if !l.busy {
			l.awaits = fullBlock
		}
		return nil, wait
	}
	l.busy = true
	if wait := l.settle.wait(b, now); wait > 0 {
		return nil, wait
	}
	from.pop()
	l.flight.push(b)
	l.flying += int(b.Size())
	l.usual, l.took = min(len(b.Payload), l.queue.maxBlock), now
	return b, 0
}

// waitsForShelf returns what Take does if a shelf has what comes next, 0 if not.
func (l *Lane) waitsForShelf() time.Duration {
	switch {
	case l.unread() > 0:
		return OnShelf
	case l.leaving.len() > 0:
		l.awaits = written
		return longestWrite
	}
	return 0
}

// InFlight returns how many Blocks are in flight. Owner only.
func (l *Lane) InFlight() int { return l.flight.len() }

// FlightBytes returns the memory of all Blocks in flight. Owner only.
func (l *Lane) FlightBytes() int64 { return int64(l.flying) }

// Send returns the i-th oldest Block in flight to be sent, which counts as resent
// if it was sent before. Owner only; the Block stays unchanged until Delivered or
// Return.
func (l *Lane) Send(i int) *Block {
	b := l.flight.at(i)
	if b.Sent {
		l.queue.mu.Lock()
		l.queue.resent += uint64(b.Len())
		l.queue.mu.Unlock()
	}
	b.Sent = true
	return b
}

// Delivered counts the n oldest Blocks in flight as delivered, rejected of their
// points as complained of, and gives their memory back.
func (l *Lane) Delivered(n, rejected int, now time.Time) {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	for range n {
		b := l.flight.pop()
		l.flying -= int(b.Size())
		l.settle.replied(b, now)
		if l.moves {
			l.queue.movedOut += uint64(b.Len())
		} else {
			l.queue.delivered += uint64(b.Len())
		}
		switch {
		case b.spooled.writing:
			b.spooled.gone = true
			continue // Wrote or GiveBack releases it
		case b.isStored():
			l.shelves[b.spooled.shelf].read = b.spooled.end
		}
		l.queue.release(b)
	}
	l.bury()
	l.queue.rejected += uint64(rejected)
}

// Return gives the Blocks in flight back, to be taken before what waits, and counts
// their points as part of a failed call. No call may be under way. From then on they
// may be dropped as any other, the oldest first.
func (l *Lane) Return() {
	l.queue.mu.Lock()
	defer l.queue.mu.Unlock()
	for i := range l.flight.len() {
		l.queue.failed += uint64(l.flight.at(i).Len())
	}
	l.giveBack()
}

func (l *Lane) giveBack() {
	l.ready.prepend(&l.flight)
	l.flying = 0
}

// expire drops the oldest Blocks of which the lane knows as long as they are too old,
// but none that is being written.
func (l *Lane) expire(now time.Time) {
	for _, f := range []*fifo{&l.ready, &l.waiting} {
		for b := f.oldest(); b != nil; b = f.oldest() {
			if b.spooled.writing || now.Sub(b.Accepted) <= l.queue.limits.MaxAge {
				return
			}
			f.pop()
			if b.isStored() {
				l.pass(b.spooled.shelf, b.spooled.end, &l.flight)
			}
			l.queue.drop(b, DroppedAge)
		}
	}
}

// droppable returns the oldest Block that may go to make room, and where it lies: not
// one that lies on a shelf too or is being written.
func (l *Lane) droppable() (*fifo, *Block) {
	if b := l.ready.oldest(); b != nil && !b.isSafe() && !b.spooled.writing {
		return &l.ready, b
	}
	return &l.waiting, l.waiting.oldest()
}

// blocks returns all Blocks that the lane has in memory, the oldest first.
func (l *Lane) blocks() iter.Seq[*Block] {
	return func(yield func(*Block) bool) {
		for _, f := range []*fifo{&l.flight, &l.ready, &l.leaving, &l.waiting} {
			for i := range f.len() {
				if !yield(f.at(i)) {
					return
				}
			}
		}
	}
}
