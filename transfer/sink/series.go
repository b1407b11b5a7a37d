package sink

import (
	"slices"
	"sync"
	"time"
)

// arrival says how a point's timestamp stands to those of its series that were
// received before.
type arrival int

const (
	inOrder  arrival = iota // newer than all
	repeated                // received before: at least once is allowed
	late                    // older than the newest, and new: out of order
)

// series is what a stand-in knows of one series.
type series struct {
	mu                                  sync.Mutex
	received, discarded, late, repeated uint64
	seen                                []int64 // timestamps received, ascending; the oldest are forgotten
	stored                              bool    // last holds a point
	last                                Point   // the newest point applied

	// taken is when the last call came that had a new point of the series, first the
	// timestamp of the first new one in it, and again when first last came once more.
	taken, again time.Time
	first        int64

	// recorded is a point that others of the series may be like; the recorder's lock
	// guards it.
	recorded *Point
}

// soon reports whether a point that comes in a call at that instant is new and comes less
// than applyWithin's double after another call with a new one: the real graph may apply
// the calls in either order, and discard a point. Nothing is discarded in vain where the
// later call brings the points of the earlier one along, as what is sent again after a
// call without a reply does.
func (s *series) soon(at time.Time, timestamp int64, a arrival) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a == repeated {
		if timestamp == s.first {
			s.again = at
		}
		return false
	}
	before := s.taken
	s.taken = at
	switch {
	case before.Equal(at):
		return false
	case before.IsZero() || at.Sub(before) >= 2*applyWithin:
		s.first = timestamp
		return false
	}
	return !s.again.Equal(at)
}

// receive notes that a point of timestamp ts came. At least `remember`
// timestamps are remembered.
func (s *series) receive(ts int64, remember int) arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.received++
	n := len(s.seen)
	if n == 0 || ts > s.seen[n-1] {
		if n >= 2*remember {
			s.seen = s.seen[:copy(s.seen, s.seen[n-remember:])]
		}
		s.seen = append(s.seen, ts)
		return inOrder
	}
	at, found := slices.BinarySearch(s.seen, ts)
	if found {
		s.repeated++
		return repeated
	}
	s.seen = slices.Insert(s.seen, at, ts)
	s.late++
	return late
}

// apply stores p as the last point of the series and reports whether it did.
// With discard a point that is not newer than the last is refused, without it an
// older one is taken but not kept as the last.
func (s *series) apply(p *Point, discard bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if discard && s.stored && p.Timestamp <= s.last.Timestamp {
		s.discarded++
		return false
	}
	if !s.stored || p.Timestamp >= s.last.Timestamp {
		s.last, s.stored = *p, true
	}
	return true
}

// Series is what is shown of one series.
type Series struct {
	Sink      string `json:"sink"`
	Key       string `json:"key"`
	Received  uint64 `json:"received"`
	Discarded uint64 `json:"discarded"`
	Late      uint64 `json:"late"`
	Repeated  uint64 `json:"repeated"`
	Last      Point  `json:"last"` // the newest point applied
}

// show returns the series, and whether a point of it has been applied yet.
func (s *series) show() (Series, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Series{
		Received: s.received, Discarded: s.discarded, Late: s.late, Repeated: s.repeated,
		Key: s.last.Key(), Last: s.last,
	}, s.stored
}
