package topology

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g"
	"transfer/g/remote"
	"transfer/g/stat"
	"transfer/sender/servertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a real Redis of a test.
type server struct {
	*servertest.Redis
	client redis.UniversalClient
}

// startRedis starts one with nothing in it.
func startRedis(t *testing.T) *server {
	t.Helper()
	s := &server{Redis: servertest.StartRedis(t)}
	s.client = s.open(t)
	return s
}

// open returns a client of its own.
func (s *server) open(t *testing.T) redis.UniversalClient {
	t.Helper()
	client, err := remote.Open(&g.Redis{Addrs: []string{s.Address}, ConnTimeout: time.Second, CallTimeout: time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}

func (s *server) store() *Store { return NewStore(s.client, "test") }

// graphOf returns a document of graph with these nodes that is not set yet.
func graphOf(t *testing.T, nodes ...string) *Document {
	t.Helper()
	d, err := From(configOf(t, nodes...))
	require.NoError(t, err)
	return d
}

// configOf returns a configuration of graph with these nodes.
func configOf(t *testing.T, nodes ...string) *g.Config {
	t.Helper()
	var cluster []string
	for i, n := range nodes {
		cluster = append(cluster, fmt.Sprintf(`%q: "10.0.0.%d:6070"`, n, i+1))
	}
	cfg, err := g.Parse("cfg.json", []byte(`{"graph": {"enabled": true, "cluster": {`+strings.Join(cluster, ",")+`}},
		"transfer": {"enabled": true, "cluster": {"t": "h:1"}}}`))
	require.NoError(t, err)
	return cfg
}

// set puts a document of these nodes into Redis, to be in force at a time after now.
func (s *server) set(t *testing.T, in time.Duration, nodes ...string) *Document {
	t.Helper()
	return s.propose(t, Proposal{Document: graphOf(t, nodes...), In: in, By: "test"})
}

// propose sets p behind what is set.
func (s *server) propose(t *testing.T, p Proposal) *Document {
	t.Helper()
	var err error
	p.After, err = s.store().toFollow(t.Context())
	require.NoError(t, err)
	d, err := s.store().Propose(t.Context(), p)
	require.NoError(t, err)
	return d
}

func TestSetAndRead(t *testing.T) {
	s := startRedis(t)
	store := s.store()
	current, err := store.Current(t.Context())
	require.NoError(t, err)
	require.Nil(t, current)
	_, err = store.Document(t.Context(), 1)
	require.ErrorIs(t, err, ErrNone)

	first := s.set(t, time.Second, "a", "b")
	require.Equal(t, uint64(1), first.Version)
	current, err = store.Current(t.Context())
	require.NoError(t, err)
	require.Equal(t, first.version(), current.version())
	require.Equal(t, first.EffectiveAt, current.EffectiveAt)
	require.Empty(t, current.Differs(configOf(t, "a", "b")))
	require.Equal(t, []string{"graph"}, current.Differs(configOf(t, "a", "c")))
	require.True(t, current.sameRings(first))

	second := s.set(t, 0, "a", "b", "c")
	require.Equal(t, uint64(2), second.Version)
	require.Equal(t, first.ID, second.Parent)
	require.Greater(t, second.EffectiveAt, first.EffectiveAt, "it cannot hold before the one that it follows")
	history, unread, err := store.History(t.Context())
	require.NoError(t, err)
	require.Empty(t, unread)
	require.Equal(t, []uint64{2, 1}, []uint64{history[0].Version, history[1].Version})
}

func TestOfTwoWritersOneWins(t *testing.T) {
	s := startRedis(t)
	first := s.set(t, 0, "a")
	proposal := func(nodes ...string) Proposal {
		return Proposal{Document: graphOf(t, nodes...), After: first}
	}
	_, err := s.store().Propose(t.Context(), proposal("a", "b"))
	require.NoError(t, err)
	_, err = s.store().Propose(t.Context(), proposal("a", "c"))
	require.ErrorIs(t, err, ErrConflict)

	won, same := make(chan error, 8), graphOf(t, "x")
	same.Version, same.ID, same.EffectiveAt = 3, "mine", 1
	now, _, err := s.store().Version(t.Context())
	require.NoError(t, err)
	for i := range cap(won) {
		go func() {
			d := *same
			d.ID = fmt.Sprint("id", i)
			won <- s.store().Set(context.Background(), now, &d)
		}()
	}
	wins := 0
	for range cap(won) {
		if err := <-won; err == nil {
			wins++
		} else {
			require.ErrorIs(t, err, ErrConflict)
		}
	}
	require.Equal(t, 1, wins)
}

// A call whose reply was lost is found out by the id.
func TestSetIsTheSameTwice(t *testing.T) {
	s := startRedis(t)
	d := s.set(t, 0, "a")
	require.NoError(t, s.store().Set(t.Context(), Version{}, d))
}

func TestHistoryIsBounded(t *testing.T) {
	s := startRedis(t)
	d := graphOf(t, "a")
	for n := uint64(1); n <= keptVersions+5; n++ {
		before := d.version()
		next := *d
		next.Version, next.ID, next.EffectiveAt = n, fmt.Sprint("id", n), 1
		require.NoError(t, s.store().Set(t.Context(), before, &next))
		d = &next
	}
	history, _, err := s.store().History(t.Context())
	require.NoError(t, err)
	require.Len(t, history, keptVersions)
	require.Equal(t, uint64(6), history[keptVersions-1].Version)
}

// A Redis that is full takes topologies and beats all the same.
func TestAFullRedisTakesATopology(t *testing.T) {
	s := startRedis(t)
	first := s.set(t, 0, "a")
	require.NoError(t, s.client.ConfigSet(t.Context(), "maxmemory", "1").Err())
	require.ErrorContains(t, s.client.Set(t.Context(), "k", "v", 0).Err(), "OOM")
	second := s.set(t, 0, "a", "b")
	require.Equal(t, first.Version+1, second.Version)
	set, _, _, err := s.store().Beat(t.Context(), stat.Peer{Relay: "r"})
	require.NoError(t, err)
	require.Equal(t, second.version(), set)
}

func TestPeersAreForgotten(t *testing.T) {
	s := startRedis(t)
	store := s.store()
	_, now, before, err := store.Beat(t.Context(), stat.Peer{Relay: "r", Host: "h", PID: 7, Rings: map[string]string{"graph": "ff"}})
	require.NoError(t, err)
	require.Nil(t, before)
	require.NoError(t, s.client.HSet(t.Context(), store.keys.relays, "odd", "no beat").Err())
	peers, err := store.Peers(t.Context(), now)
	require.NoError(t, err)
	require.Len(t, peers, 1)
	require.True(t, peers[0].Alive)
	require.Equal(t, "h", peers[0].Host)
	require.WithinDuration(t, now, peers[0].At, 2*time.Millisecond)
	peers, err = store.Peers(t.Context(), now.Add(aliveFor+time.Second))
	require.NoError(t, err)
	require.False(t, peers[0].Alive)
	peers, err = store.Peers(t.Context(), now.Add(forgottenFor+time.Second))
	require.NoError(t, err)
	require.Empty(t, peers)
	require.Zero(t, s.client.HLen(t.Context(), store.keys.relays).Val())
}
