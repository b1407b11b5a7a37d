package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// P3, P4, P10, P11: 40,000 points a second, one of three graphs away for a minute.
// There are too many points to keep: the graphs look at
// each as it comes. It runs alone.
func TestGraphAwayForAMinute(t *testing.T) {
	suite.OnlyInFull(t)
	const (
		rate = 40_000
		away = time.Minute
	)
	site := suite.NewSite(t)
	site.Set("graph", "spoolBytes", "1GiB")
	var graphs []*strict
	for _, node := range []string{"graph-00", "graph-01", "graph-02"} {
		g := newStrict(t)
		site.Add("graph", node, g, g.Addr())
		graphs = append(graphs, g)
	}
	s := trial.NewStage(t, trial.Case{Name: "a graph away for a minute", Injected: "40,000 points/s, one of three graphs away for 60 s",
		Expected: "nothing lost, order kept, no first arrival discarded, the backlog gone within 60 s"}, site, nil)
	s.Relay.Start()
	s.Play(trial.Load{Rate: rate, Answers: true})
	s.Flows()
	graphs[2].shut()
	time.Sleep(away)
	graphs[2].listen()
	back := time.Now()
	id := site.IDOf(graphs[2])
	trial.Eventually(t, 2*time.Minute, "the backlog stays", func() bool {
		l := s.Relay.MustLedger()
		return l.Target(t, id).Queued < rate // what a second brings
	})
	gone := time.Since(back)
	s.EndClients()
	ledger := s.Settled(trial.DrainTime)
	s.Relay.Stop()
	s.Note("backlog gone after %s, memory %d MiB, disk %d MiB", gone.Round(time.Second), s.Relay.Memory>>20, s.Watch.MostDisk()>>20)
	s.Report(strictVerdict(s, ledger))
	require.Less(t, gone, away)
}

// strictVerdict is the verdict by what strict graphs saw, where all requests were
// answered.
func strictVerdict(s *trial.Stage, ledger trial.Books) *trial.Verdict {
	s.T.Helper()
	v := &trial.Verdict{}
	owner := s.Site.Owners()["graph"]
	owed := make(map[string]int) // by node
	for _, c := range s.Clients {
		require.Zero(s.T, c.Points(trial.Unanswered))
		for i := range c.Series {
			owed[owner(c.Key(i))] += c.Points(trial.Acknowledged) / c.Series
		}
	}
	for i := range s.Site.Addrs {
		a := &s.Site.Addrs[i]
		c := a.In.(*strict).count()
		v.Owed += owed[a.Node]
		v.Lost += owed[a.Node] - c.different
		v.Duplicates += c.all - c.different
		v.Disordered += c.skipped
		v.Discarded += c.hasty
		require.Equal(s.T, uint64(c.different), ledger.Target(s.T, a.ID()).Delivered, "ledger of %s", a.ID())
	}
	require.Empty(s.T, v.Complaints(trial.Bounds{Duplicates: int(ledger.Totals.Resent)}))
	s.Watch.End()
	require.Empty(s.T, s.Watch.Complaints(16*len(s.Site.Addrs))) // spools are larger here
	return v
}

// P4: a graph that replies before it applies never gets a point too soon after another
// one of its series: with small calls, and while a backlog drains.
func TestGraphAppliesLater(t *testing.T) {
	t.Parallel()
	site := suite.NewSite(t)
	var graphs []*strict
	for _, node := range []string{"graph-00", "graph-01"} {
		g := newStrict(t)
		site.Add("graph", node, g, g.Addr())
		graphs = append(graphs, g)
	}
	s := trial.NewStage(t, trial.Case{Name: "a graph applies after its reply", Injected: "one of two graphs goes away and comes back, both apply calls up to 10 ms after their reply",
		Expected: "nothing lost, order kept, no call too soon after one with the same series"}, site, nil)
	s.Relay.Start()
	s.Play(trial.Load{Rate: either(2000, 8000), Answers: true})
	s.Flows()
	for range either(1, 3) {
		graphs[1].shut()
		time.Sleep(outage())
		graphs[1].listen()
		s.Flows()
	}
	s.EndClients()
	ledger := s.Settled(trial.DrainTime)
	s.Relay.Stop()
	s.Report(strictVerdict(s, ledger))
}
