package overflow

import (
	"errors"
	"slices"
	"sync"
	"time"
)

var (
	// ErrFull says that Redis, or the stream's share of it, is used up: nothing was
	// appended.
	ErrFull = errors.New("cannot append to the stream: its share of Redis' memory is used up")
	// ErrNotHeld says that the stream is not this relay's at present: nothing was done.
	ErrNotHeld = errors.New("the stream is not held: its lease is over, or another relay's")
)

// Claim is what was found when the lease was got. The numbers are those of points.
type Claim struct {
	// Number is another one for each claim of this process, and higher than before.
	Number uint64
	// Head is the number of the first point that is left, End lies behind the last one.
	// What is known to lie before Head is delivered by others, up to TakenUntil, or lost.
	Head, End  uint64
	TakenUntil uint64
}

// standing is how a stream and this relay stand to each other.
type standing int

const (
	unknown standing = iota // it is to be claimed, if there is one
	absent                  // there is none in Redis; the next append makes it
	held                    // this relay has its lease, or had it last
	gone                    // it is not this relay's any more, and is not claimed again
)

// Stream is what one lane has in Redis. Any goroutine may call its methods, but Next,
// which is for one at a time. Only Append and Next wait for Redis.
type Stream struct {
	store   *Store
	name    string
	keys    []string
	own     bool
	options StreamOptions // of an own one
	known   []string      // encodings that are read
	reader  reader

	calls      sync.Mutex // held during calls that write, so that they come one after another
	attempt    uint64     // number of the last such call; calls is held
	registered bool       // its name is in the registry; calls is held
	routing    string     // as it was written last; calls is held
	offered    string     // routing that a renewal under way is to write; calls is held
	seen       string     // fence before a claim; calls is held

	mu       sync.Mutex
	standing standing
	meta     Meta
	fence    string
	valid    time.Time // until when the lease is, by our clock
	claim    Claim
	head     uint64 // what lies before is deleted
	end      uint64
	knows    bool   // end; false: what is found is
	stored   uint64 // end as Redis has it: lower where it has lost something
	bytes    int64
	until    uint64 // what lies before is to be deleted
	used     time.Time
	closing  bool
}

func newStream(s *Store, meta Meta) *Stream {
	st := &Stream{store: s, meta: meta, name: meta.Name(), used: s.now()}
	st.keys = s.keys(st.name)
	return st
}

// Name returns the name of the stream, RELAY/TARGET/LANE.
func (st *Stream) Name() string { return st.name }

// Meta returns whose the stream is. Of one that holds points it is as the stream was
// begun, once it is held.
func (st *Stream) Meta() Meta {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.meta
}

// Held reports whether the lease is this relay's now, by the clock of this process. Only
// then may what was read be sent.
func (st *Stream) Held() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.isHeld()
}

// isHeld is Held with mu held.
func (st *Stream) isHeld() bool {
	return st.standing == held && st.store.now().Before(st.valid)
}

// IsGone reports whether the stream is not this relay's any more and will not be again: it
// was adopted and is emptied or another relay's by now, or it was closed.
func (st *Stream) IsGone() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.standing == gone
}

// Claim returns what was found when the lease was got last; the zero Claim before that.
func (st *Stream) Claim() Claim {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.claim
}

// Writable reports whether an append is worth a try: the stream is an own one, held or not
// there yet, and neither it nor Redis is full or in trouble. It costs next to nothing.
func (st *Stream) Writable() bool {
	st.mu.Lock()
	can, bytes := st.canAppend(), st.bytes
	st.mu.Unlock()
	return can && st.store.hasRoom(bytes, 1)
}

// canAppend reports whether the stream is in our hands. mu is held.
func (st *Stream) canAppend() bool {
	return st.own && !st.closing && (st.standing == absent || st.isHeld())
}

// End returns the number behind the last point.
func (st *Stream) End() uint64 {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.end
}

// Bytes returns about how much of Redis' memory the stream takes.
func (st *Stream) Bytes() int64 {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.bytes
}

// Release gives up what lies before the number: it is delivered, and that is stored. Run
// deletes it soon. An entry goes when all of it may.
func (st *Stream) Release(until uint64) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.until = max(st.until, min(until, st.end))
}

// Drop is Release for what is thrown away.
func (st *Stream) Drop(until uint64) { st.Release(until) }

// Close makes the store forget the stream, once Run has deleted what was released. What is
// left in Redis stays there; without Run's renewals another relay adopts it.
func (st *Stream) Close() {
	st.mu.Lock()
	st.closing = true
	st.mu.Unlock()
	st.store.rouse()
}

// lose notes that the stream is not this relay's any more.
func (st *Stream) lose() {
	st.mu.Lock()
	st.standing, st.fence = gone, ""
	st.mu.Unlock()
	st.store.forget(st)
}

// reads reports whether items in the encoding are read.
func (st *Stream) reads(encoding string) bool { return slices.Contains(st.known, encoding) }
