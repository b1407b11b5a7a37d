package changes

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// A graph is added with a hand-over: for its time the series that move go to the old
// and to the new owner, then only to the new one.
func TestHandOver(t *testing.T) {
	t.Parallel()
	window := either(3*time.Second, 20*time.Second)
	c := newCluster(t)
	c.Set("graph", "handoff", window.String())
	newcomer := c.spare("graph", "graph-03")
	s := trial.NewStage(t, trial.Case{
		Name: "a hand-over", Injected: `a graph is added with "handoff": "20s" (3s in the short form)`,
		Expected: "each series that moves has every point at both owners for that time, then only at the new one",
	}, c.Site, nil)
	s.Relay.Start()
	s.Play(usual())
	s.Flows()
	s.HandOver("graph", window, func() { c.away(newcomer, false) })
	time.Sleep(window + either(2*time.Second, 5*time.Second))
	s.Flows()
	undisturbed(s)
	require.NotEmpty(t, newcomer.Points())
	s.Finish()
}

// A hand-over goes on where it was after a restart.
func TestHandOverSurvivesARestart(t *testing.T) {
	t.Parallel()
	window := either(6*time.Second, 20*time.Second)
	c := newCluster(t)
	c.Set("graph", "handoff", window.String())
	newcomer := c.spare("graph", "graph-03")
	s := trial.NewStage(t, trial.Case{
		Name: "kill -9 during a hand-over", Injected: "a graph is added with a hand-over, the relay is killed in the middle of it",
		Expected: "the hand-over goes on to its end, nothing acknowledged lost",
	}, c.Site, nil)
	load := trial.Load{Rate: 2000}
	s.Relay.Start()
	s.Play(load)
	s.Flows()
	s.HandOver("graph", window, func() { c.away(newcomer, false) })
	time.Sleep(window / 3)
	s.Relay.Kill()
	s.Crashed = true
	s.Allowed.Duplicates = 2 * load.Rate
	s.Relay.Start()
	time.Sleep(window + 2*time.Second)
	s.Flows()
	s.Finish()
}
