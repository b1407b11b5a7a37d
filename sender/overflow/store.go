package overflow

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"transfer/g/remote"
	"transfer/sender/spool/record"
)

// Store is the streams of one relay, its own and those that it adopted. Any goroutine may
// call its methods; it starts none. Without Run nothing is claimed, renewed or deleted.
type Store struct {
	options Options
	client  redis.UniversalClient
	log     *slog.Logger
	now     func() time.Time
	clock   record.Clock
	run     string // names this process
	scripts scripts
	claims  atomic.Uint64 // that were made: gives each Claim its Number
	since   atomic.Int64  // bytes that were appended since the last look
	wake    chan struct{} // makes Run's loop go round at once

	mu      sync.Mutex
	streams map[string]*Stream // by name
	trouble error              // why Redis cannot be used
	well    time.Time          // since when it can, without a break
	facts   remote.Facts       // as of the last look
	full    bool               // it refused an append since
	orphans []Orphan
}

// errNoLook says that nobody has looked yet.
var errNoLook = errors.New("nobody has asked Redis yet")

// New returns a Store that counts as away until it has looked. It does no I/O.
func New(o Options) *Store {
	o = o.withDefaults()
	return &Store{
		options: o, client: o.Client, log: o.Log, now: o.Now, clock: record.NewClock(o.Now), run: rand.Text(),
		scripts: newScripts(), wake: make(chan struct{}, 1), streams: make(map[string]*Stream), trouble: errNoLook,
	}
}

// Own returns the stream of a lane of this relay. It does no I/O: Run claims the stream
// where there is one. One that was given for the same lane before is closed.
func (s *Store) Own(o StreamOptions) *Stream {
	knows := o.End > 0 || o.Read > 0
	o.Read, o.End = max(1, o.Read), max(1, o.Read, o.End)
	st := newStream(s, Meta{Owner: s.options.Relay, Target: o.Target, Lane: o.Lane, Lanes: o.Lanes, Hash: o.Hash, Encoding: o.Encoding})
	st.own, st.options, st.known = true, o, append([]string{o.Encoding}, o.Known...)
	st.knows = knows
	st.until, st.head, st.end = o.Read, o.Read, o.End
	s.mu.Lock()
	before := s.streams[st.name]
	s.streams[st.name] = st
	s.mu.Unlock()
	if before != nil {
		before.lose()
	}
	s.rouse()
	return st
}

// Lease returns for how long a stream stays its holder's that is not heard of.
func (s *Store) Lease() time.Duration { return s.options.Lease }

// rouse makes Run's loop go round at once.
func (s *Store) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Trouble returns why Redis cannot be used, nil when it can. errors.As: *PolicyError.
func (s *Store) Trouble() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trouble
}

// away returns why nothing can be read or deleted. By another policy what is there may be
// deleted unread: the sooner it is out, the better.
func (s *Store) away() error {
	err := s.Trouble()
	var policy *PolicyError
	if errors.As(err, &policy) {
		return nil
	}
	return err
}

// all returns the streams that are chosen, by name.
func (s *Store) all(choose func(*Stream) bool) []*Stream {
	s.mu.Lock()
	streams := slices.Collect(maps.Values(s.streams))
	s.mu.Unlock()
	streams = slices.DeleteFunc(streams, func(st *Stream) bool { return !choose(st) })
	slices.SortFunc(streams, func(a, b *Stream) int { return strings.Compare(a.name, b.name) })
	return streams
}

// forget takes the stream out of the store.
func (s *Store) forget(st *Stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.streams[st.name] == st {
		delete(s.streams, st.name)
	}
}

// bounded returns the context with the time that a call may take.
func (s *Store) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.options.CallTimeout)
}

// call runs a script for one stream. After an error, but for ErrFull, Redis counts as away.
func (s *Store) call(ctx context.Context, script *redis.Script, st *Stream, args ...any) (answer, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	a, err := parseAnswer(script.Run(ctx, s.client, st.keys, args...))
	if err != nil {
		return answer{}, s.failed(err)
	}
	return a, nil
}

// failed notes that a call failed, and returns the error to be passed on.
func (s *Store) failed(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if isFull(err) {
		s.full = true
		return ErrFull
	}
	err = fmt.Errorf("cannot use Redis: %w; see its log, and the section redis", err)
	s.setTrouble(err)
	return err
}

// isFull reports whether Redis has no memory left for what it was asked to do.
func isFull(err error) bool {
	return redis.IsOOMError(err) || strings.Contains(err.Error(), "OOM command not allowed")
}

// setTrouble notes what a call or a look has shown. The log hears of changes. mu is held.
func (s *Store) setTrouble(err error) {
	before := s.trouble
	s.trouble = err
	switch {
	case err != nil && (before == nil || errors.Is(before, errNoLook)):
		s.log.Error("the overflow in Redis cannot be used", "error", err)
	case err == nil && before != nil:
		s.well = s.now()
		if !errors.Is(before, errNoLook) {
			s.log.Info("the overflow in Redis can be used again")
		}
	}
}
