package overflow

import (
	"context"
	"errors"
	"slices"
	"time"
)

// trust is which part of a lease its holder counts on: clocks don't go equally fast.
const trust = 0.9

// validFrom returns the end of a lease by our clock that was asked for at the given time.
func (s *Store) validFrom(asked time.Time) time.Time {
	return asked.Add(time.Duration(trust * float64(s.options.Lease)))
}

// claimArgs are the arguments of claimScript. calls is held.
func (st *Stream) claimArgs() []any {
	routing := st.currentRouting()
	st.mu.Lock()
	defer st.mu.Unlock()
	mode, known, needs := "adopt", any(st.end), "0"
	meta := st.meta
	switch {
	case st.own:
		mode, meta = "own", st.begun(routing)
		if !st.knows {
			known = ""
		}
	case st.claim.Number > 0:
		mode = "restore"
	}
	if st.until < st.end { // somebody waits for points of it
		needs = "1"
	}
	args := []any{st.store.options.Relay, st.store.options.Lease.Milliseconds(), st.seen, mode, known, needs}
	return append(args, meta.fields()...)
}

// begun returns the meta of an own stream that is begun now.
func (st *Stream) begun(routing []byte) Meta {
	o := &st.options
	return Meta{Owner: st.store.options.Relay, Target: o.Target, Lane: o.Lane, Lanes: o.Lanes, Hash: o.Hash, Encoding: o.Encoding, Routing: routing}
}

// currentRouting returns what an adopter has to know.
func (st *Stream) currentRouting() []byte {
	if st.options.Routing == nil {
		return nil
	}
	return st.options.Routing()
}

// claimed notes the answer to a claim that was asked for at the given time. calls is held.
func (st *Stream) claimed(a answer, asked time.Time) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	switch {
	case st.standing == gone:
		return ErrNotHeld
	case a.word == isAbsent && st.own:
		st.standing, st.head, st.bytes, st.knows = absent, st.end, 0, true
		return nil
	case a.word != isHeld:
		return ErrNotHeld
	}
	meta, err := parseMeta(a.meta)
	if err != nil {
		return err
	}
	if !st.own && st.claim.Number > 0 {
		a.takenUntil = 0 // what is lost now counts as taken for the owner; for us it is lost
	}
	st.meta, st.attempt = meta, 0
	st.hold(a, asked)
	if len(meta.Routing) > 0 {
		st.routing = string(meta.Routing)
	}
	return nil
}

// hold notes that the lease was got anew. mu is held.
func (st *Stream) hold(a answer, asked time.Time) {
	if st.standing == gone {
		return
	}
	if known := max(st.until, a.takenUntil); st.knows && (known < a.head || a.end < st.end) {
		st.store.log.Error("Redis has lost points of a stream", "stream", st.name,
			"read", known, "left", a.head, "until", a.end, "end", st.end)
	}
	st.standing, st.fence, st.valid = held, a.fence, st.store.validFrom(asked)
	st.claim = Claim{Number: st.store.claims.Add(1), Head: a.head, End: a.end, TakenUntil: a.takenUntil}
	st.head, st.stored, st.end, st.knows, st.bytes = a.head, a.end, max(st.end, a.end), true, a.bytes
	st.used = st.store.now()
}

// renewArgs are the arguments of renewScript. calls is held.
func (st *Stream) renewArgs() []any {
	routing := ""
	if st.own {
		st.offered = string(st.currentRouting())
		if st.offered != st.routing {
			routing = st.offered
		}
	}
	st.attempt++
	st.mu.Lock()
	defer st.mu.Unlock()
	known := any("")
	if st.own {
		known = st.end
	}
	return []any{st.store.options.Relay, st.fence, st.store.options.Lease.Milliseconds(), st.attempt, known, routing}
}

// renewed notes the answer to a renewal that was asked for at the given time. calls is
// held.
func (st *Stream) renewed(a answer, asked time.Time) {
	if a.word != isHeld {
		st.refused(a.word)
		return
	}
	st.routing = st.offered
	st.mu.Lock()
	defer st.mu.Unlock()
	st.valid = st.store.validFrom(asked)
	if a.end < st.stored {
		// Redis has lost what it had: its numbers are those of an older day.
		st.hold(a, asked)
	}
}

// refused notes that a script has refused to do anything for us. calls is held.
func (st *Stream) refused(word string) {
	st.mu.Lock()
	own := st.own
	if st.standing == held || st.standing == absent {
		st.standing, st.fence = unknown, ""
	}
	st.mu.Unlock()
	st.registered = false
	if !own && word == isTaken {
		st.lose()
	}
	st.store.rouse()
}

// claimAll claims the streams that are not held: those of this relay, and adopted ones that
// Redis has lost.
func (s *Store) claimAll(ctx context.Context) error {
	streams := s.all(func(st *Stream) bool {
		st.mu.Lock()
		defer st.mu.Unlock()
		return st.standing == unknown && (st.own || st.claim.Number > 0) // or else Adopt does it
	})
	if err := s.see(ctx, streams); err != nil {
		return err
	}
	return s.batch(ctx, s.scripts.claim, streams, (*Stream).claimArgs, func(st *Stream, a answer, asked time.Time) {
		if err := st.claimed(a, asked); err != nil && !st.own {
			st.lose()
		}
	})
}

// see reads the fences that the streams' claims are to name.
func (s *Store) see(ctx context.Context, streams []*Stream) error {
	for some := range slices.Chunk(streams, batchSize) {
		names := make([]string, len(some))
		for i, st := range some {
			names[i] = st.name
		}
		metas, err := s.readMetas(ctx, names, "fence")
		if err != nil {
			return err
		}
		for i, st := range some {
			st.calls.Lock()
			st.seen, _ = metas[i][0].(string)
			st.calls.Unlock()
		}
	}
	return nil
}

// renewAll makes the leases last.
func (s *Store) renewAll(ctx context.Context) error {
	streams := s.all(func(st *Stream) bool { return st.is(held) })
	if err := s.register(ctx, streams); err != nil && !errors.Is(err, ErrFull) {
		return err
	}
	return s.batch(ctx, s.scripts.renew, streams, (*Stream).renewArgs, (*Stream).renewed)
}

// is reports whether the stream stands so to this relay.
func (st *Stream) is(standing standing) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.standing == standing
}
