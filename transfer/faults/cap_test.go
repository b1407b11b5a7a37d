package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// P1, P3, P10: a backlog beyond spoolBytes costs its oldest points, counted, and
// those of its address only.
func TestSpoolReachesItsCap(t *testing.T) {
	t.Parallel()
	onlyInFull(t)
	site, _, graphs := usualSite(t)
	site.set("graph", "spoolBytes", "4MiB")
	s := newStage(t, fault{"a spool reaches its cap", "a graph away for more than its spool holds",
		"its oldest points go, counted as cap; nothing else is lost"}, site, nil)
	s.relay.start()
	s.play(load{rate: 16_000})
	s.flows()
	graphs[3].fail(t, dead())
	id := site.idOf(graphs[3])
	eventually(t, 60*time.Second, "the cap is never reached", func() bool {
		l := s.relay.mustLedger()
		return l.target(t, id).Dropped["cap"] > 0
	})
	graphs[3].fail(t, well())
	s.endClients()
	ledger := s.settled(drainTime)
	dropped := ledger.target(t, id).Dropped["cap"]
	require.Equal(t, dropped, dropsOf(ledger), "others dropped points, too")
	s.relay.stop()
	s.allowed.lost = int(dropped)
	s.crashed = true // of what was dropped some had no answer
	s.note("dropped as cap: %d", dropped)
	v := s.verdict(ledger)
	require.Equal(t, int(dropped), v.lost+v.unanswered-v.unansweredArrived, "what is missing is what was counted")
}

// dropsOf returns the points that the targets gave up, for any reason.
func dropsOf(b books) uint64 { return b.Totals.DroppedTotal() }
