package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// P3, P4, P10, P11: 40,000 points a second, one of three graphs away for a minute.
// There are too many points to keep: the graphs look at
// each as it comes. It runs alone.
func TestGraphAwayForAMinute(t *testing.T) {
	onlyInFull(t)
	const (
		rate = 40_000
		away = time.Minute
	)
	site := newSite(t)
	site.set("graph", "spoolBytes", "1GiB")
	var graphs []*strict
	for _, node := range []string{"graph-00", "graph-01", "graph-02"} {
		g := newStrict(t)
		site.add("graph", node, g, g.Addr())
		graphs = append(graphs, g)
	}
	s := newStage(t, fault{"a graph away for a minute", "40,000 points/s, one of three graphs away for 60 s",
		"nothing lost, order kept, no first arrival discarded, the backlog gone within 60 s"}, site, nil)
	s.relay.start()
	s.play(load{rate: rate, answers: true})
	s.flows()
	graphs[2].shut()
	time.Sleep(away)
	graphs[2].listen()
	back := time.Now()
	id := site.idOf(graphs[2])
	eventually(t, 2*time.Minute, "the backlog stays", func() bool {
		l := s.relay.mustLedger()
		return l.target(t, id).Queued < rate // what a second brings
	})
	gone := time.Since(back)
	s.endClients()
	ledger := s.settled(drainTime)
	s.relay.stop()
	s.note("backlog gone after %s, memory %d MiB, disk %d MiB", gone.Round(time.Second), s.relay.memory>>20, s.watch.mostDisk()>>20)
	rows.seen(t, s.fault, strictVerdict(s, ledger), s.notes[0])
	require.Less(t, gone, away)
}

// strictVerdict is the verdict by what strict graphs saw, where all requests were
// answered.
func strictVerdict(s *stage, ledger books) *verdict {
	s.t.Helper()
	v := &verdict{}
	owner := s.site.owners()["graph"]
	owed := make(map[string]int) // by node
	for _, c := range s.clients {
		require.Zero(s.t, c.points(unanswered))
		for i := range c.series {
			owed[owner(c.key(i))] += c.points(acknowledged) / c.series
		}
	}
	for i := range s.site.addrs {
		a := &s.site.addrs[i]
		c := a.in.(*strict).count()
		v.owed += owed[a.node]
		v.lost += owed[a.node] - c.different
		v.duplicates += c.all - c.different
		v.disordered += c.skipped
		v.discarded += c.hasty
		require.Equal(s.t, uint64(c.different), ledger.target(s.t, a.id()).Delivered, "ledger of %s", a.id())
	}
	require.Empty(s.t, v.complaints(bounds{duplicates: int(ledger.Totals.Resent)}))
	s.watch.end()
	require.Empty(s.t, s.watch.complaints(16*len(s.site.addrs))) // spools are larger here
	return v
}

// P4: a graph that replies before it applies never gets a point too soon after another
// one of its series: with small calls, and while a backlog drains.
func TestGraphAppliesLater(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	var graphs []*strict
	for _, node := range []string{"graph-00", "graph-01"} {
		g := newStrict(t)
		site.add("graph", node, g, g.Addr())
		graphs = append(graphs, g)
	}
	s := newStage(t, fault{"a graph applies after its reply", "one of two graphs goes away and comes back, both apply calls up to 10 ms after their reply",
		"nothing lost, order kept, no call too soon after one with the same series"}, site, nil)
	s.relay.start()
	s.play(load{rate: either(2000, 8000), answers: true})
	s.flows()
	for range either(1, 3) {
		graphs[1].shut()
		time.Sleep(outage())
		graphs[1].listen()
		s.flows()
	}
	s.endClients()
	ledger := s.settled(drainTime)
	s.relay.stop()
	rows.seen(t, s.fault, strictVerdict(s, ledger), "")
}
