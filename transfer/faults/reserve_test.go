package faults

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// P1, P3: a backlog must not take the disk's last: its oldest points go, counted.
func TestDiskBecomesFullWithBacklog(t *testing.T) {
	t.Parallel()
	onlyInFull(t)
	dir := smallDisk(t)
	site, _, graphs := usualSite(t)
	s := newStage(t, fault{"disk becomes full with a backlog", "a graph is away for seconds, then the file system fills up, space later",
		"the backlog's oldest points may go, each counted as cap; then health says ok"}, site,
		section{"dataDir": filepath.Join(dir, "data")})
	s.relay.start()
	s.play(usual())
	s.flows()
	graphs[3].fail(t, dead())
	id := site.idOf(graphs[3])
	eventually(t, 60*time.Second, "no backlog", func() bool {
		l := s.relay.mustLedger()
		return l.target(t, id).Queued > 10_000
	})
	free := fill(t, dir)
	s.relay.becomes("degraded", 60*time.Second)
	s.flows()
	time.Sleep(2 * time.Second)
	free()
	s.relay.becomes("ok", backWithin)
	graphs[3].fail(t, well())
	s.flows()
	s.endClients()
	ledger := s.settled(drainTime)
	dropped := dropsOf(ledger)
	require.Equal(t, dropped, ledger.target(t, id).Dropped["cap"], "others dropped points, or for other reasons")
	s.relay.stop()
	s.allowed.lost = int(dropped)
	s.crashed = true // of what was dropped some had no answer
	s.note("dropped as cap: %d", dropped)
	v := s.verdict(ledger)
	require.Equal(t, int(dropped), v.lost+v.unanswered-v.unansweredArrived, "what is missing is what was counted")
}
