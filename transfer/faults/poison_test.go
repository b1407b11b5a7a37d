package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// P12: a graph that refuses each call with a certain point in it gets all others.
func TestPoison(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	for n := range 2 {
		graph := newPicky(t)
		site.add("graph", fmt.Sprintf("graph-0%d", n), graph, graph.Addr())
	}
	s := newStage(t, fault{"a poisoned point", "graphs refuse each call with a certain point in it",
		"that point is a dead letter, every other one arrives"}, site, nil)
	s.relay.start()
	s.play(usual())
	s.flows()
	const poisoned = 5
	poisoner := &rpcTransport{connection{address: func() string { return s.relay.ports.Load().rpc }}}
	defer poisoner.close()
	for round := range poisoned {
		what, err := poisoner.send([]point{{"poisoner", poison, timestamp(round), round}}, round)
		require.NoError(t, err)
		require.Equal(t, taken, what)
		time.Sleep(100 * time.Millisecond)
	}
	// Others have to come along: a point that is refused alone is no proof against it.
	eventually(t, 30*time.Second, "not all are dead letters", func() bool {
		return s.relay.mustLedger().Totals.Dropped["dead_letter"] >= poisoned
	})
	s.endClients()
	ledger := s.settled(drainTime)
	require.Equal(t, uint64(poisoned), ledger.Totals.Dropped["dead_letter"])
	require.Equal(t, uint64(poisoned), dropsOf(ledger))
	require.Positive(t, folderBytes(t, filepath.Join(s.relay.data, "dead")), "no dead letters in the data directory")
	s.note("dead letters: %d", poisoned)
	s.relay.stop()
	s.verdict(ledger)
}

// P12: an address that refuses everything is at fault, not its points.
func TestAddressThatRefusesAll(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	graph := newPicky(t)
	site.add("graph", "graph-00", graph, graph.Addr())
	s := newStage(t, fault{"an address refuses all", "a graph answers every call by an application error, then is well",
		"all of it waits, nothing is a dead letter"}, site, nil)
	s.relay.start()
	graph.refuseAll(true, 0)
	s.play(usual())
	time.Sleep(outage())
	ledger := s.relay.mustLedger()
	require.Zero(t, dropsOf(ledger))
	require.Positive(t, ledger.Totals.Queued)
	graph.refuseAll(false, 0)
	s.finish()
}

// P3, P12: an address that refuses everything becomes well while the relay seeks the
// guilty points of a Block: those that it refused before are not guilty.
func TestAddressRecoversWhileJudged(t *testing.T) {
	t.Parallel()
	site := newSite(t)
	graph := newPicky(t)
	site.add("graph", "graph-00", graph, graph.Addr())
	s := newStage(t, fault{"an address recovers while judged", "a graph refuses every call, and is well from the fifth single point on",
		"nothing is a dead letter"}, site, nil)
	s.relay.start()
	graph.refuseAll(true, 5)
	s.play(usual())
	eventually(t, 60*time.Second, "no single point is asked for", func() bool { return len(graph.Points()) > 0 })
	s.flows()
	s.endClients()
	ledger := s.settled(drainTime)
	s.relay.stop()
	require.Zero(t, dropsOf(ledger), "good points are dead letters")
	s.verdict(ledger)
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
