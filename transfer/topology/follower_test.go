package topology

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"transfer/g/stat"
)

// fakeRelay is a relay that has rings and nothing else.
type fakeRelay struct {
	mu       sync.Mutex
	inForce  []*Document
	switched []time.Time // by the clock of the machine
	refuses  func(*Document) error
}

func (r *fakeRelay) Check(d *Document) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuses == nil {
		return nil
	}
	return r.refuses(d)
}

func (r *fakeRelay) Switch(d *Document) ([]string, error) {
	if err := r.Check(d); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inForce, r.switched = append(r.inForce, d), append(r.switched, time.Now())
	return nil, nil
}

func (r *fakeRelay) Rings() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.inForce) == 0 {
		return map[string]string{"graph": "own"}
	}
	return map[string]string{"graph": r.inForce[len(r.inForce)-1].ID}
}

// versions returns what has come into force.
func (r *fakeRelay) versions() (all []uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range r.inForce {
		all = append(all, d.Version)
	}
	return all
}

// following is a Follower that runs.
type following struct {
	*Follower
	relay *fakeRelay
	file  string
	ahead atomic.Int64 // nanoseconds, of its clock
}

// follow starts a relay whose clock is ahead by so much.
func (s *server) follow(t *testing.T, name string, ahead time.Duration, last *Document) *following {
	t.Helper()
	return s.followBy(t, s.open(t), name, ahead, last)
}

// followBy is follow with a client of the caller's.
func (s *server) followBy(t *testing.T, client redis.UniversalClient, name string, ahead time.Duration, last *Document) *following {
	t.Helper()
	f := &following{relay: &fakeRelay{}, file: filepath.Join(t.TempDir(), "topology.json")}
	f.ahead.Store(int64(ahead))
	f.Follower = New(Options{
		Store: NewStore(client, "test"), Relay: f.relay, Self: stat.Peer{Relay: name, Host: "h", PID: 1}, InForce: last,
		Keep: func(d *Document) error { return Save(f.file, "test", d) },
		Log:  slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Now().Add(time.Duration(f.ahead.Load())) },
	})
	ctx, end := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { f.Run(ctx) })
	t.Cleanup(func() { end(); running.Wait() })
	return f
}

// eventually waits until what holds.
func eventually(t *testing.T, what func() bool) {
	t.Helper()
	require.Eventually(t, what, 20*time.Second, 5*time.Millisecond)
}

func (f *following) has(version uint64) func() bool {
	return func() bool { return f.Topology().Version == version }
}

// Three relays whose clocks are minutes apart switch at one moment, and none before.
func TestClocksThatDiffer(t *testing.T) {
	s := startRedis(t)
	all := []*following{s.follow(t, "a", -3*time.Minute, nil), s.follow(t, "b", 0, nil), s.follow(t, "c", time.Hour, nil)}
	for _, f := range all {
		eventually(t, func() bool { return f.Topology().Redis })
	}
	d := s.set(t, 1500*time.Millisecond, "n1", "n2")
	for _, f := range all {
		eventually(t, func() bool { return f.Topology().Pending == 1 })
		require.Empty(t, f.relay.versions())
	}
	for _, f := range all {
		eventually(t, f.has(1))
		f.relay.mu.Lock()
		when := f.relay.switched[0]
		f.relay.mu.Unlock()
		require.False(t, when.Before(d.from().Add(-20*time.Millisecond)), "%s before %s", when, d.from())
		require.WithinDuration(t, d.from(), when, time.Second) // of a busy machine
	}
	require.InDelta(t, 180, all[0].Topology().ClockOffset, 1)
	require.InDelta(t, -3600, all[2].Topology().ClockOffset, 1)
	for _, f := range all {
		eventually(t, func() bool { p := f.Peers(); return p.Alive == 3 && p.Agree })
		kept, err := Load(f.file, "test")
		require.NoError(t, err)
		require.Equal(t, d.version(), kept.version())
	}
}

// Versions that are set one after the other all come into force, in their order.
func TestVersionsInALine(t *testing.T) {
	s := startRedis(t)
	first := s.set(t, 0, "a")
	second := s.set(t, 1200*time.Millisecond, "a", "b")
	third := s.set(t, 1800*time.Millisecond, "a", "b", "c")
	f := s.follow(t, "r", 0, nil)
	eventually(t, f.has(third.Version))
	require.Equal(t, []uint64{first.Version, second.Version, third.Version}, f.relay.versions())
}

// A relay that cannot take a version says why, and keeps what it has.
func TestRejected(t *testing.T) {
	s := startRedis(t)
	good, picky := s.follow(t, "good", 0, nil), s.follow(t, "picky", 0, nil)
	s.set(t, 0, "a")
	eventually(t, good.has(1))
	eventually(t, picky.has(1))
	picky.relay.mu.Lock()
	picky.relay.refuses = func(d *Document) error {
		if d.Forced {
			return nil
		}
		return errors.New("over maxMove")
	}
	picky.relay.mu.Unlock()
	s.set(t, 0, "a", "b")
	eventually(t, good.has(2))
	eventually(t, func() bool { return picky.Topology().State == stat.FollowingRejected })
	require.Equal(t, uint64(1), picky.Topology().Version)
	require.Contains(t, strings.Join(picky.Troubles(), " "), "version 2 of the shared topology is rejected, version 1 stays in force: over maxMove")
	eventually(t, func() bool { return len(good.Peers().Differences) == 3 })
	p := good.Peers()
	require.False(t, p.Agree)
	require.Equal(t, "picky: rejected: over maxMove", p.Differences[0])
	require.Regexp(t, `^topology: version 1 \(\w+\) at picky; version 2 \(\w+\) at good$`, p.Differences[1])

	s.propose(t, Proposal{Document: graphOf(t, "a", "b"), Forced: true})
	eventually(t, picky.has(3))
	eventually(t, good.has(3))
	eventually(t, func() bool { return good.Peers().Agree })
	require.Empty(t, picky.Troubles())
}

// What was rejected is looked at again after a while: by then the file may allow it. A
// clock that is set meanwhile is found out.
func TestRejectedIsCheckedAgain(t *testing.T) {
	s := startRedis(t)
	f := s.follow(t, "r", 0, nil)
	f.relay.mu.Lock()
	f.relay.refuses = func(*Document) error { return errors.New("not yet") }
	f.relay.mu.Unlock()
	d := s.set(t, 0, "a")
	eventually(t, func() bool { return f.Topology().State == stat.FollowingRejected })
	f.relay.mu.Lock()
	f.relay.refuses = nil
	f.relay.mu.Unlock()
	f.ahead.Store(int64(checkAgain))
	eventually(t, f.has(d.Version))
	eventually(t, func() bool { return math.Abs(f.Topology().ClockOffset+checkAgain.Seconds()) < 1 })
	next := s.set(t, 700*time.Millisecond, "a", "b")
	eventually(t, f.has(next.Version))
	f.relay.mu.Lock()
	defer f.relay.mu.Unlock()
	require.False(t, f.relay.switched[1].Before(next.from().Add(-20*time.Millisecond)))
}

// What is no document is rejected by all.
func TestWhatIsNoTopologyIsRejected(t *testing.T) {
	s := startRedis(t)
	s.set(t, 0, "a")
	f := s.follow(t, "r", 0, nil)
	eventually(t, f.has(1))
	keys := s.store().keys
	for i, text := range []string{
		`{"version":2,"id":"x","effectiveAt":1,"backends":{"graph":{"cluster":{"a":"nowhere"}}}}`,
		`{"version":3,"id":"x","effectiveAt":1,"backends":{"tsdb":{"cluster":{"a":"h:1"}}}}`,
		`no JSON`,
	} {
		n := strconv.Itoa(i + 2)
		require.NoError(t, s.client.HSet(t.Context(), keys.documents, n, text).Err())
		require.NoError(t, s.client.Set(t.Context(), keys.version, n+" x", 0).Err())
		eventually(t, func() bool {
			return strings.HasPrefix(strings.Join(f.Troubles(), " "), fmt.Sprintf("version %s of the shared topology is rejected", n))
		})
	}
	require.Equal(t, []uint64{1}, f.relay.versions())
	s.set(t, 0, "b")
	eventually(t, f.has(5))
}

// What FLUSHALL takes, the relays put back: the highest version that one of them has.
func TestFlushHeals(t *testing.T) {
	s := startRedis(t)
	s.set(t, 0, "a")
	a, b := s.follow(t, "a", 0, nil), s.follow(t, "b", 0, nil)
	eventually(t, a.has(1))
	eventually(t, b.has(1))
	b.relay.mu.Lock()
	b.relay.refuses = func(*Document) error { return errors.New("not here") }
	b.relay.mu.Unlock()
	s.set(t, 0, "a", "b")
	eventually(t, a.has(2))
	eventually(t, func() bool { return b.Topology().State == stat.FollowingRejected })
	require.NoError(t, s.client.FlushAll(t.Context()).Err())
	eventually(t, func() bool {
		d, err := s.store().Current(t.Context())
		return err == nil && d.version().Number == 2
	})
	eventually(t, func() bool { return a.Peers().Alive == 2 })
	require.Equal(t, []uint64{1, 2}, a.relay.versions())
	require.Equal(t, []uint64{1}, b.relay.versions())
}

// A Redis that is back with an older state is brought to what is in force.
func TestAnOldDumpHeals(t *testing.T) {
	s := startRedis(t)
	first := s.set(t, 0, "a")
	s.set(t, 0, "a", "b")
	f := s.follow(t, "r", 0, nil)
	eventually(t, f.has(2))
	require.NoError(t, s.client.Set(t.Context(), s.store().keys.version, first.version().String(), 0).Err())
	eventually(t, func() bool {
		set, _, err := s.store().Version(t.Context())
		return err == nil && set.Number == 2
	})
	require.Equal(t, []uint64{2}, f.relay.versions())
}

// Of two documents of one number, that of Redis counts.
func TestSameNumberOtherDocument(t *testing.T) {
	s := startRedis(t)
	mine := graphOf(t, "x")
	mine.Version, mine.ID, mine.EffectiveAt = 1, "mine", 1
	theirs := s.set(t, 0, "a")
	f := s.follow(t, "r", 0, mine)
	eventually(t, func() bool { return f.Topology().ID == theirs.ID })
}

// Redis hangs, dies and is back: what is in force stays, also a switch that was agreed on
// takes place in time, and health says so.
func TestRedisIsAway(t *testing.T) {
	s := startRedis(t)
	s.set(t, 0, "a")
	f := s.follow(t, "r", 0, nil)
	eventually(t, f.has(1))
	d := s.set(t, 3*time.Second, "a", "b")
	eventually(t, func() bool { return f.Topology().Pending == 2 })
	s.Stop()
	eventually(t, f.has(2))
	f.relay.mu.Lock()
	require.WithinDuration(t, d.from(), f.relay.switched[1], time.Second)
	f.relay.mu.Unlock()
	eventually(t, func() bool { return !f.Topology().Redis })
	require.Contains(t, f.Troubles()[0], "Redis cannot be asked for the shared topology, version 2 stays in force: ")
	s.Continue()
	eventually(t, func() bool { return f.Topology().Redis && len(f.Troubles()) == 0 })

	s.Kill()
	eventually(t, func() bool { return !f.Topology().Redis })
	s.Restart() // with nothing in it
	eventually(t, func() bool { return f.Topology().Redis })
	eventually(t, func() bool {
		d, err := s.store().Current(t.Context())
		return err == nil && d.version().Number == 2
	})
}

// Two relays of one id are found out; a process that takes another one's place is not.
func TestTwoRelaysOfOneID(t *testing.T) {
	s := startRedis(t)
	_, _, _, err := s.store().Beat(t.Context(), stat.Peer{Relay: "r", Host: "before", PID: 7})
	require.NoError(t, err)
	a := s.follow(t, "r", 0, nil)
	eventually(t, func() bool { return a.Topology().Redis })
	require.Empty(t, a.Troubles())
	stop := make(chan struct{})
	var other sync.WaitGroup
	other.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(pollEvery / 10):
				_, _, _, _ = s.store().Beat(context.Background(), stat.Peer{Relay: "r", Host: "copy", PID: 8})
			}
		}
	})
	eventually(t, func() bool { return len(a.Troubles()) == 1 })
	require.Contains(t, a.Troubles()[0], "another relay, process 8 at copy, has the id of this one, r: ")
	close(stop)
	other.Wait()
	eventually(t, func() bool { return len(a.Troubles()) == 0 })
}

func TestAtStart(t *testing.T) {
	s := startRedis(t)
	log := slog.New(slog.DiscardHandler)
	fine := func(*Document) error { return nil }
	begin := func(last *Document, usable func(*Document) error) uint64 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		return AtStart(ctx, s.store(), last, usable, log).version().Number
	}
	require.Zero(t, begin(nil, fine))
	first := s.set(t, 0, "a")
	require.Equal(t, uint64(1), begin(nil, fine))
	second := s.set(t, time.Hour, "a", "b")
	require.Equal(t, uint64(1), begin(nil, fine), "the second is not in force yet")
	require.Equal(t, uint64(0), begin(nil, func(*Document) error { return errors.New("bad") }))
	later := *second
	later.Version = 3
	require.Equal(t, uint64(3), begin(&later, fine), "Redis has an older one")
	require.Equal(t, uint64(1), begin(first, fine))
	s.Kill()
	require.Equal(t, uint64(3), begin(&later, fine))
}
