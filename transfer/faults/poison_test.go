package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// P12: a graph that refuses each call with a certain point in it gets all others.
func TestPoison(t *testing.T) {
	t.Parallel()
	site := suite.NewSite(t)
	for n := range 2 {
		graph := newPicky(t)
		site.Add("graph", fmt.Sprintf("graph-0%d", n), graph, graph.Addr())
	}
	s := trial.NewStage(t, trial.Case{Name: "a poisoned point", Injected: "graphs refuse each call with a certain point in it",
		Expected: "that point is a dead letter, every other one arrives"}, site, nil)
	s.Relay.Start()
	s.Play(usual())
	s.Flows()
	const poisoned = 5
	poisoner := trial.NewRPC(func() string { return s.Relay.Ports.Load().RPC })
	defer poisoner.Close()
	for round := range poisoned {
		what, err := poisoner.Send([]trial.Point{{Endpoint: "poisoner", Metric: poison, Timestamp: trial.Timestamp(round), Value: round}}, round)
		require.NoError(t, err)
		require.Equal(t, trial.Taken, what)
		time.Sleep(100 * time.Millisecond)
	}
	// Others have to come along: a point that is refused alone is no proof against it.
	trial.Eventually(t, 30*time.Second, "not all are dead letters", func() bool {
		return s.Relay.MustLedger().Totals.Dropped["dead_letter"] >= poisoned
	})
	s.EndClients()
	ledger := s.Settled(trial.DrainTime)
	require.Equal(t, uint64(poisoned), ledger.Totals.Dropped["dead_letter"])
	require.Equal(t, uint64(poisoned), dropsOf(ledger))
	require.Positive(t, folderBytes(t, filepath.Join(s.Relay.Data, "dead")), "no dead letters in the data directory")
	s.Note("dead letters: %d", poisoned)
	s.Relay.Stop()
	s.Verdict(ledger)
}

// P12: an address that refuses everything is at fault, not its points.
func TestAddressThatRefusesAll(t *testing.T) {
	t.Parallel()
	site := suite.NewSite(t)
	graph := newPicky(t)
	site.Add("graph", "graph-00", graph, graph.Addr())
	s := trial.NewStage(t, trial.Case{Name: "an address refuses all", Injected: "a graph answers every call by an application error, then is well",
		Expected: "all of it waits, nothing is a dead letter"}, site, nil)
	s.Relay.Start()
	graph.refuseAll(true, 0)
	s.Play(usual())
	time.Sleep(outage())
	ledger := s.Relay.MustLedger()
	require.Zero(t, dropsOf(ledger))
	require.Positive(t, ledger.Totals.Queued)
	graph.refuseAll(false, 0)
	s.Finish()
}

// P3, P12: an address that refuses everything becomes well while the relay seeks the
// guilty points of a Block: those that it refused before are not guilty.
func TestAddressRecoversWhileJudged(t *testing.T) {
	t.Parallel()
	site := suite.NewSite(t)
	graph := newPicky(t)
	site.Add("graph", "graph-00", graph, graph.Addr())
	s := trial.NewStage(t, trial.Case{Name: "an address recovers while judged", Injected: "a graph refuses every call, and is well from the fifth single point on",
		Expected: "nothing is a dead letter"}, site, nil)
	s.Relay.Start()
	graph.refuseAll(true, 5)
	s.Play(usual())
	trial.Eventually(t, 60*time.Second, "no single point is asked for", func() bool { return len(graph.Points()) > 0 })
	s.Flows()
	s.EndClients()
	ledger := s.Settled(trial.DrainTime)
	s.Relay.Stop()
	require.Zero(t, dropsOf(ledger), "good points are dead letters")
	s.Verdict(ledger)
}

// folderBytes returns the size of the files in the folder.
func folderBytes(t *testing.T, folder string) (all int64) {
	t.Helper()
	for _, path := range files(t, folder) {
		info, err := os.Stat(path)
		require.NoError(t, err)
		all += info.Size()
	}
	return all
}
