package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// P1, P3, P10: a backlog beyond spoolBytes costs its oldest points, counted, and
// those of its address only.
func TestSpoolReachesItsCap(t *testing.T) {
	t.Parallel()
	suite.OnlyInFull(t)
	site, _, graphs := suite.UsualSite(t)
	site.Set("graph", "spoolBytes", "4MiB")
	s := trial.NewStage(t, trial.Case{Name: "a spool reaches its cap", Injected: "a graph away for more than its spool holds",
		Expected: "its oldest points go, counted as cap; nothing else is lost"}, site, nil)
	s.Relay.Start()
	s.Play(trial.Load{Rate: 16_000})
	s.Flows()
	graphs[3].Fail(t, trial.Dead())
	id := site.IDOf(graphs[3])
	trial.Eventually(t, 60*time.Second, "the cap is never reached", func() bool {
		l := s.Relay.MustLedger()
		return l.Target(t, id).Dropped["cap"] > 0
	})
	graphs[3].Fail(t, trial.Well())
	s.EndClients()
	ledger := s.Settled(trial.DrainTime)
	dropped := ledger.Target(t, id).Dropped["cap"]
	require.Equal(t, dropped, dropsOf(ledger), "others dropped points, too")
	s.Relay.Stop()
	s.Allowed.Lost = int(dropped)
	s.Crashed = true // of what was dropped some had no answer
	s.Note("dropped as cap: %d", dropped)
	v := s.Verdict(ledger)
	require.Equal(t, int(dropped), v.Lost+v.Unanswered-v.UnansweredArrived, "what is missing is what was counted")
}

// dropsOf returns the points that the targets gave up, for any reason.
func dropsOf(b trial.Books) uint64 { return b.Totals.DroppedTotal() }
