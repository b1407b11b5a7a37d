package overflow

import (
	"context"
	"time"
)

// remembered is for how long an owner that does not come back is remembered what others
// took of its stream.
const remembered = 30 * 24 * time.Hour

// releaseAll deletes what was released, and lets go of what is not needed any more.
func (s *Store) releaseAll(ctx context.Context) error {
	due := s.all(func(st *Stream) bool {
		st.mu.Lock()
		defer st.mu.Unlock()
		return st.standing == held && st.until > st.head
	})
	if err := s.batch(ctx, s.scripts.release, due, (*Stream).releaseArgs, (*Stream).released); err != nil {
		return err
	}
	for _, st := range s.all((*Stream).isDone) {
		if err := st.finish(ctx); err != nil {
			return err
		}
	}
	return nil
}

// releaseArgs are the arguments of releaseScript.
func (st *Stream) releaseArgs() []any {
	st.mu.Lock()
	defer st.mu.Unlock()
	return []any{st.store.options.Relay, st.fence, st.until, st.left(st.until), flag(!st.own)}
}

// left returns about how many bytes are left when what lies before the number is deleted:
// the items of one lane are of a size. mu is held.
func (st *Stream) left(until uint64) int64 {
	if until >= st.end || st.end <= st.head {
		return 0
	}
	return int64(float64(st.bytes) * float64(st.end-until) / float64(st.end-st.head))
}

// flag is a yes or no for a script.
func flag(yes bool) string {
	if yes {
		return "1"
	}
	return "0"
}

// released notes the answer to a release.
func (st *Stream) released(a answer, _ time.Time) {
	if a.word != isHeld {
		st.refused(a.word)
		return
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.head, st.stored, st.bytes = a.head, a.end, a.bytes
}

// isDone reports whether the stream is not needed any more: it is empty, and was for a
// lease if more may be appended; or it is closed and nothing is left to be deleted. One
// that Redis has lost is empty when its reader knows it.
func (st *Stream) isDone() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	empty := st.isEmpty()
	switch {
	case st.standing == gone:
		return false
	case st.standing != held:
		return st.closing
	case st.closing || !st.own:
		return empty || st.closing && st.until <= st.head
	default:
		return empty && st.store.now().Sub(st.used) >= st.store.options.Lease
	}
}

// isEmpty reports whether nothing is left and all was released. mu is held.
func (st *Stream) isEmpty() bool { return st.head >= st.end && st.until >= st.end }

// finish lets go of the stream, if it still isDone.
func (st *Stream) finish(ctx context.Context) error {
	st.calls.Lock()
	defer st.calls.Unlock()
	if !st.isDone() {
		return nil
	}
	st.mu.Lock()
	holds, empty, closing := st.standing == held, st.isEmpty(), st.closing
	st.mu.Unlock()
	if holds && (empty || !st.own) {
		if left, err := st.letGo(ctx, empty); err != nil || !left {
			return err
		}
	}
	if closing || !st.own {
		st.lose()
		return nil
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.standing == held {
		st.standing, st.fence, st.bytes, st.registered = absent, "", 0, false
	}
	return nil
}

// letGo gives up the lease and reports whether it is over. The name of an empty stream is
// taken out of the registry: by an adopter before the owner can put it in again, by the
// owner, whose call this is, at last. calls is held.
func (st *Stream) letGo(ctx context.Context, empty bool) (left bool, err error) {
	s := st.store
	if empty && !st.own {
		if err := s.unregister(ctx, st); err != nil {
			return false, err
		}
	}
	st.mu.Lock()
	fence := st.fence
	st.mu.Unlock()
	a, err := s.call(ctx, s.scripts.letGo, st, s.options.Relay, fence, flag(!st.own), remembered.Milliseconds())
	switch {
	case err != nil:
		return false, err
	case !st.own:
		return true, nil
	case a.word == isAbsent:
		return true, s.unregister(ctx, st)
	case a.word == isHeld:
		// An append that was given up was carried out after all. Our next renewal deletes
		// what it left.
		st.mu.Lock()
		st.used = s.now()
		st.mu.Unlock()
		return false, nil
	default:
		st.refused(a.word)
		return true, nil
	}
}

// Close deletes what was released, and lets go of what was adopted, so that others can
// adopt it at once. Run has ended; nothing is sent any more. The streams' leases end with
// them. Best effort: what ctx gives no time for, the leases' ends settle.
func (s *Store) Close(ctx context.Context) {
	if s.away() != nil || s.releaseAll(ctx) != nil {
		return
	}
	for _, st := range s.all(func(st *Stream) bool { return !st.own && st.is(held) }) {
		st.calls.Lock()
		_, err := st.letGo(ctx, false)
		st.calls.Unlock()
		if err != nil {
			return
		}
		st.lose()
	}
}
