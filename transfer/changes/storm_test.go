package changes

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// Twenty reloads a second: the last one holds in the end.
func TestStormOfReloads(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	newcomer := c.spare("graph", "graph-03")
	s := trial.NewStage(t, trial.Case{
		Name: "a storm of reloads", Injected: "20 reloads a second for a minute (5 s in the short form), each of another file",
		Expected: "the last one holds, goroutines and descriptors as before, nothing lost",
	}, c.Site, nil)
	s.Relay.Start()
	s.Play(trial.Load{Rate: 2000, Answers: true})
	s.Flows()
	changes := []func(){
		func() { c.away(newcomer, false) },
		func() { c.Set("judge", "replicas", 300) },
		func() { c.away(newcomer, true) },
		func() { c.Set("judge", "replicas", 500) },
		func() { c.away(c.graphs[1], true) },
		func() { c.away(c.graphs[1], false) },
	}
	before := quiet(s)
	const perSecond = 20
	tick := time.NewTicker(time.Second / perSecond)
	defer tick.Stop()
	reloads := perSecond * either(5, 60)
	for n := range reloads {
		<-tick.C
		s.Glance()
		s.Ask(changes[n%len(changes)])
	}
	s.Ask(func() { c.away(newcomer, true); c.Set("judge", "replicas", 400) })
	s.AwaitChange()
	s.Flows()
	baseline(s, before)
	require.True(t, s.Holds(), "after %d reloads", reloads)
	undisturbed(s)
	s.Note("%d reloads", reloads)
	s.Finish()
}
