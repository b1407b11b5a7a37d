package faults

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// P1, P3: a backlog must not take the disk's last: its oldest points go, counted.
func TestDiskBecomesFullWithBacklog(t *testing.T) {
	t.Parallel()
	suite.OnlyInFull(t)
	dir := smallDisk(t)
	site, _, graphs := suite.UsualSite(t)
	s := trial.NewStage(t, trial.Case{Name: "disk becomes full with a backlog", Injected: "a graph is away for seconds, then the file system fills up, space later",
		Expected: "the backlog's oldest points may go, each counted as cap; then health says ok"}, site,
		trial.Section{"dataDir": filepath.Join(dir, "data")})
	s.Relay.Start()
	s.Play(usual())
	s.Flows()
	graphs[3].Fail(t, trial.Dead())
	id := site.IDOf(graphs[3])
	trial.Eventually(t, 60*time.Second, "no backlog", func() bool {
		l := s.Relay.MustLedger()
		return l.Target(t, id).Queued > 10_000
	})
	free := fill(t, dir)
	s.Relay.Becomes("degraded", 60*time.Second)
	s.Flows()
	time.Sleep(2 * time.Second)
	free()
	s.Relay.Becomes("ok", backWithin)
	graphs[3].Fail(t, trial.Well())
	s.Flows()
	s.EndClients()
	ledger := s.Settled(trial.DrainTime)
	dropped := dropsOf(ledger)
	require.Equal(t, dropped, ledger.Target(t, id).Dropped["cap"], "others dropped points, or for other reasons")
	s.Relay.Stop()
	s.Allowed.Lost = int(dropped)
	s.Crashed = true // of what was dropped some had no answer
	s.Note("dropped as cap: %d", dropped)
	v := s.Verdict(ledger)
	require.Equal(t, int(dropped), v.Lost+v.Unanswered-v.UnansweredArrived, "what is missing is what was counted")
}
