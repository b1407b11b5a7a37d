package several

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// One command changes the rings of all relays at one moment, again and again, under load;
// each relay's own file stays as it was.
func TestTopologyReachesAllRelays(t *testing.T) {
	t.Parallel()
	f := newFleet(t, trial.Case{
		Name: "a topology for all", Injected: "`transfer topology set` adds a graph, removes one, moves one to another address, then `rollback`; 30,000 points/s by three relays (3,000 in the short form)",
		Expected: "all relays switch at one time, no client notices, every point at an owner of its time, nothing lost",
	})
	newcomer, elsewhere := f.spare("graph-03"), f.spare("graph-02")
	f.start(usual())
	var slowest time.Duration
	for _, edit := range []func(){
		func() { f.away(newcomer, false) },
		func() { f.away(f.graphs[2], true) },
		func() { f.away(f.graphs[3], true); f.away(elsewhere, false) },
	} {
		switched := f.watchSwitch()
		f.set(edit)
		slowest = max(slowest, switched(f.effectiveAt()))
		f.agree()
		f.Flows()
	}
	f.Request(func() { f.away(f.graphs[3], false); f.away(elsewhere, true) }, func() { f.command("topology", "rollback", "--wait") })
	f.agree()
	f.Flows()
	f.undisturbed()
	f.Note("rings were equal %s after the time that was agreed, at most", slowest.Round(time.Millisecond))
	f.settled()
	require.Less(t, slowest, either(5*time.Second, time.Second))
}

// What the relays share of the topology is deleted, or Redis is away when a relay starts:
// it goes on with what it had last, and Redis gets it back.
func TestTopologyOutlivesRedis(t *testing.T) {
	t.Parallel()
	f := newFleet(t, trial.Case{
		Name: "the topology outlives Redis", Injected: "a graph is added by `topology set`, all keys of Redis are deleted; then Redis is killed, and a relay is stopped and started meanwhile",
		Expected: "the relays keep the graph, Redis has the topology again, nothing lost",
	})
	newcomer := f.spare("graph-03")
	f.start(usual())
	f.set(func() { f.away(newcomer, false) })
	f.agree()
	version := f.peersOf(0).Relays[0].Version
	f.redis.Flush()
	f.agree()
	require.Equal(t, version, f.peersOf(0).Relays[0].Version)
	f.shared()
	require.Contains(t, f.command("topology", "get"), "graph-03")

	f.redis.Kill()
	f.Relays[0].Stop()
	f.Crashed = true // of the requests that the stop cut off, some had no answer
	f.Allowed.Hasty = 1 << 30
	f.Relays[0].Start()
	require.True(t, f.Holds(), "the relay has not got its rings back")
	f.Flows()
	f.redis.Restart()
	f.agree()
	f.Flows()
	f.settled()
}

// A graph with a backlog at every relay is removed for all: what waits for it, in Redis and
// on disk, goes to the new owners, ahead of their new points.
func TestTopologyRemovesANodeWithABacklog(t *testing.T) {
	t.Parallel()
	suite.OnlyInFull(t)
	f := newFleet(t, trial.Case{
		Name: "a graph with backlogs is removed for all", Injected: "a graph is down, each relay has a backlog in Redis, then `topology set` removes it",
		Expected: "all backlogs come to the new owners before the live points, the ledgers are exact",
	}, overflowing)
	f.start(usual())
	f.fail(trial.Dead(), f.graphs[3])
	f.backlog(0, 1, 2)
	time.Sleep(down())
	f.set(func() { f.away(f.graphs[3], true) })
	f.agree()
	f.Flows()
	f.undisturbed()
	require.Positive(t, f.settled().Moved)
}

// rings returns what a relay's rings are: their fingerprints, and the addresses of nodes,
// which these don't tell.
func rings(status trial.Status) string {
	var all strings.Builder
	for _, ring := range status.Rings {
		fmt.Fprintf(&all, "%s %s:", ring.Backend, ring.Fingerprint)
		for _, share := range ring.Shares {
			fmt.Fprintf(&all, " %s=%v", share.Node, share.Addresses)
		}
	}
	return all.String()
}

// shared waits until Redis has a topology.
func (f *fleet) shared() {
	f.T.Helper()
	c := f.redis.Client()
	defer func() { _ = c.Close() }()
	trial.Eventually(f.T, 20*time.Second, "Redis has no topology", func() bool {
		return c.Exists(f.T.Context(), "transfer:{t}:version").Val() == 1
	})
}

// peers is the answer of /api/peers.
type peers struct {
	Agree       bool
	Alive       int
	Differences []string
	Relays      []struct {
		Relay   string
		Version int
		State   string
		Rings   map[string]string
	}
}

func (f *fleet) peersOf(i int) (p peers) {
	f.T.Helper()
	text, err := f.Relays[i].Get("/api/peers")
	require.NoError(f.T, err)
	require.NoError(f.T, json.Unmarshal([]byte(text), &p), text)
	return p
}

// agree waits until every relay sees all of them alive and of one mind.
func (f *fleet) agree() {
	f.T.Helper()
	for i := range f.Relays {
		trial.Eventually(f.T, 20*time.Second, "the relays do not agree", func() bool {
			p := f.peersOf(i)
			return p.Agree && p.Alive == relays && len(p.Relays) == relays
		})
	}
}
