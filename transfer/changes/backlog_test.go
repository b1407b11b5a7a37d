package changes

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// down is how long a node is down before it is removed.
func down() time.Duration { return either(5*time.Second, 30*time.Second) }

// A judge and a graph that have been down for long are removed while their series go
// on: what waits for them comes to the new owners, before the live points.
func TestRemovedNodeThatWasDown(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	s := trial.NewStage(t, trial.Case{
		Name: "a node that is down is removed", Injected: "a judge and a graph are down for 30 s (5 s in the short form), then are removed while points flow",
		Expected: "their backlog comes to the new owners before the live points, the ledger is exact",
	}, c.Site, nil)
	s.Relay.Start()
	s.Play(usual())
	s.Flows()
	fail(t, trial.Dead(), c.judges[2], c.graphs[3])
	time.Sleep(down())
	s.Change(func() {
		c.away(c.judges[2], true)
		c.away(c.graphs[3], true)
	})
	s.Flows()
	time.Sleep(2 * time.Second)
	undisturbed(s)
	ledger := s.Settled(trial.DrainTime)
	s.Relay.Stop()
	require.Positive(t, ledger.Totals.MovedOut, "nothing was moved")
	require.Zero(t, ledger.Totals.DroppedTotal(), "dropped")
	require.Positive(t, s.Verdict(ledger).Moved)
}

// The relay is killed, or stopped, while a backlog moves: nothing of it is lost, and it
// stays in order.
func TestEndsWhileABacklogMoves(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(r *trial.Relay)
	}{
		{"kill -9", func(r *trial.Relay) { r.Kill() }},
		{"a stop", func(r *trial.Relay) { r.Stop() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			s := trial.NewStage(t, trial.Case{
				Name: test.name + " in the middle of a move", Injected: "a node with a backlog is removed, soon afterwards the relay ends and starts again, several times",
				Expected: "nothing acknowledged lost, order kept at the new owners",
			}, c.Site, nil)
			random := suite.Chance(t)
			load := trial.Load{Rate: either(2000, 20_000), Answers: true}
			s.Relay.Start()
			s.Play(load)
			s.Flows()
			fail(t, trial.Dead(), c.judges[2], c.graphs[3])
			time.Sleep(down() / 2)
			// One of the new owners is down as well: what moves there waits on.
			fail(t, trial.Dead(), c.graphs[2])
			s.Change(func() {
				c.away(c.judges[2], true)
				c.away(c.graphs[3], true)
			})
			const times = 3
			for range times {
				time.Sleep(time.Duration(random.Int64N(int64(300 * time.Millisecond))))
				test.end(s.Relay)
				s.Relay.Start()
				s.Flows()
			}
			s.Crashed = true // what was in flight may be counted twice
			// Of a second, a point comes to two or three addresses, and as much of the backlog.
			s.Allowed.Duplicates = 4 * times * load.Rate
			fail(t, trial.Well(), c.graphs[2])
			s.Flows()
			s.EndClients()
			ledger := s.Settled(trial.DrainTime)
			s.Relay.Stop()
			require.Zero(t, ledger.Totals.DroppedTotal(), "dropped")
			v := s.Verdict(ledger)
			require.Positive(t, v.Moved)
		})
	}
}

// A file that does not name a node any more is found at the start: the backlog in the
// data directory belongs to nobody, and moves.
func TestNodeRemovedWhileTheRelayIsDown(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	s := trial.NewStage(t, trial.Case{
		Name: "a node is removed while the relay is down", Injected: "a graph with a backlog is taken out of the file between stop and start",
		Expected: "its backlog comes to the new owners before the live points",
	}, c.Site, nil)
	load := trial.Load{Rate: 2000, Answers: true}
	s.Relay.Start()
	s.Play(load)
	s.Flows()
	fail(t, trial.Dead(), c.graphs[3])
	time.Sleep(down() / 2)
	s.Relay.Stop()
	s.Rewrite(func() { c.away(c.graphs[3], true) })
	s.Relay.Start()
	s.AwaitChange()
	s.Flows()
	s.Crashed = true // of the requests that the stop cut off, some had no answer
	s.EndClients()
	ledger := s.Settled(trial.DrainTime)
	s.Relay.Stop()
	require.Zero(t, ledger.Totals.DroppedTotal(), "dropped")
	v := s.Verdict(ledger)
	require.Positive(t, v.Moved)
}

// A node leaves and comes back while its backlog is still there: it keeps it.
func TestRemovedNodeComesBack(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	s := trial.NewStage(t, trial.Case{
		Name: "a removed node comes back", Injected: "a graph that is down is removed and added again, several times, at last it is up",
		Expected: "nothing lost, every point at an owner of its time or of then",
	}, c.Site, nil)
	s.Relay.Start()
	s.Play(trial.Load{Rate: 2000})
	s.Flows()
	fail(t, trial.Dead(), c.graphs[3])
	time.Sleep(down() / 4)
	for range either(2, 6) {
		s.Change(func() { c.away(c.graphs[3], true) })
		s.Flows()
		s.Change(func() { c.away(c.graphs[3], false) })
		s.Flows()
	}
	fail(t, trial.Well(), c.graphs[3])
	undisturbed(s)
	s.Finish()
}

// With "onRemove": "drain" the backlog of a removed node goes to the node itself.
func TestRemovedNodeDrains(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	c.Set("graph", "onRemove", "drain")
	s := trial.NewStage(t, trial.Case{
		Name: "a removed node drains", Injected: `"onRemove": "drain": a graph that is down is removed, and comes up later`,
		Expected: "it gets its backlog, new points go to the new owners at once",
	}, c.Site, nil)
	s.Relay.Start()
	s.Play(trial.Load{Rate: 2000})
	s.Flows()
	fail(t, trial.Dead(), c.graphs[3])
	time.Sleep(down() / 4)
	s.Change(func() { c.away(c.graphs[3], true) })
	s.Flows()
	fail(t, trial.Well(), c.graphs[3])
	undisturbed(s)
	v := s.Finish()
	require.Zero(t, v.Moved, "points were moved")
}
