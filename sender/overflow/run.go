package overflow

import (
	"context"
	"time"
)

const (
	// round is how often Run looks whether there is something to do: nothing that was
	// released stays longer.
	round = 100 * time.Millisecond
	// lookEvery is how often Redis is asked how it is.
	lookEvery = 500 * time.Millisecond
	// orphansEvery is how often streams are looked for that nobody has.
	orphansEvery = time.Second
)

// Run keeps the streams until stop is closed: it asks Redis how it is, claims, renews and
// deletes. Each of its calls is bounded; while Redis is away it only looks whether it still
// is. It is called once.
func (s *Store) Run(stop <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ticker := time.NewTicker(round)
	defer ticker.Stop()
	var last rounds
	for {
		last.turn(ctx, s)
		select {
		case <-stop:
			return
		case <-ticker.C:
		case <-s.wake:
			last.claimed = time.Time{}
		}
	}
}

// rounds is when Run did what.
type rounds struct{ looked, claimed, renewed, sought time.Time }

// turn does what is due. After an error, which makes Redis count as away, the rest waits
// for a look that finds it well.
func (r *rounds) turn(ctx context.Context, s *Store) {
	now := s.now()
	if now.Sub(r.looked) >= lookEvery {
		r.looked = now
		was := s.away()
		_ = s.Look(ctx) // Trouble says it
		if was != nil { // leases may be over, and what was made may be gone
			s.doubtAbsent()
			*r = rounds{looked: now}
		}
	}
	if s.away() != nil {
		return
	}
	if now.Sub(r.claimed) >= lookEvery {
		r.claimed = now
		if s.claimAll(ctx) != nil {
			return
		}
	}
	if now.Sub(r.renewed) >= s.options.Lease/4 {
		r.renewed = now
		if s.renewAll(ctx) != nil {
			return
		}
	}
	if s.releaseAll(ctx) != nil {
		return
	}
	if now.Sub(r.sought) >= orphansEvery {
		r.sought = now
		_ = s.seek(ctx) // Trouble says it
	}
}

// doubtAbsent makes Run ask anew for the streams that Redis did not have: a call that was
// given up may have made one after all.
func (s *Store) doubtAbsent() {
	for _, st := range s.all(func(st *Stream) bool { return st.own && st.is(absent) }) {
		st.mu.Lock()
		if st.standing == absent {
			st.standing = unknown
		}
		st.mu.Unlock()
	}
}
