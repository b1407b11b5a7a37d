package changes

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// A cluster that changes every 500 ms, with files in between that are no good.
func TestClusterChangesAllTheTime(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	newcomer := c.spare("graph", "graph-03")
	elsewhere := c.spare("graph", "graph-02") // another address of it
	s := trial.NewStage(t, trial.Case{
		Name: "a cluster that changes", Injected: "every 500 ms a graph is added, removed, gets another address, the order or judge's replicas change, broken files in between, by SIGHUP",
		Expected: "no connection broken, nothing lost, every point at the owner of its time",
	}, c.Site, nil)
	s.Relay.Start()
	s.Play(usual())
	s.Flows()

	replicas := 500
	changes := []func(){
		func() { c.away(newcomer, false) },
		func() { c.away(newcomer, true) },
		func() { c.away(c.graphs[3], true); c.away(elsewhere, false) },
		func() { c.Backwards = !c.Backwards },
		func() { c.away(c.graphs[3], false); c.away(elsewhere, true) },
		func() { replicas = 800 - replicas; c.Set("judge", "replicas", replicas) },
	}
	random := suite.Chance(t)
	done := 0
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for range either(1, 8) {
		for _, change := range changes {
			<-tick.C
			s.Change(change)
			done++
			if random.IntN(2) == 0 {
				<-tick.C
				broken := brokenFiles(string(s.Relay.Text()))
				s.Spoil([]byte(broken[random.IntN(len(broken))]))
			}
		}
	}
	undisturbed(s)
	s.Note("%d changes", done)
	s.Finish()
}

// brokenFiles are what becomes of a good file.
func brokenFiles(good string) []string {
	return []string{
		"",
		good[:len(good)/2],
		strings.TrimSuffix(strings.TrimSpace(good), "}"),
		strings.Replace(good, `"graph-01": "`, `"graph-01": "nowhere `, 1),
		strings.Replace(good, `"replicas": 500`, `"replicas": "many"`, 1),
		"\x00\xff" + good,
	}
}

// With "watchConfig" a file that changes is read without a signal, whole or not at all.
func TestWatchedFile(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	newcomer := c.spare("graph", "graph-03")
	s := trial.NewStage(t, trial.Case{
		Name: "a watched file", Injected: `"watchConfig": true: the file changes, and nobody says so`,
		Expected: "it is read, no connection is broken, nothing lost",
	}, c.Site, trial.Section{"watchConfig": true})
	s.Relay.Start()
	s.Play(trial.Load{Rate: 2000})
	s.Flows()
	for _, away := range []bool{false, true} {
		s.Rewrite(func() { c.away(newcomer, away) })
		s.AwaitChange()
		s.Flows()
	}
	undisturbed(s)
	s.Finish()
}

// Each broken file is refused with a reason, and changes nothing.
func TestBrokenFileChangesNothing(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	s := trial.NewStage(t, trial.Case{
		Name: "broken files", Injected: "files that are empty, cut off, garbage or wrong, by SIGHUP",
		Expected: "nothing changes, health says why until a good one comes",
	}, c.Site, nil)
	s.Relay.Start()
	s.Play(trial.Load{Rate: 2000})
	s.Flows()
	before, err := s.Relay.Get("/config")
	require.NoError(t, err)
	for _, text := range brokenFiles(string(s.Relay.Text())) {
		s.Spoil([]byte(text))
		trial.Eventually(t, 5*time.Second, "health does not say that the file is no good", func() bool {
			_, details := s.Relay.Health()
			return len(details) > 0
		})
		now, err := s.Relay.Get("/config")
		require.NoError(t, err)
		require.Equal(t, before, now)
		s.Change(func() { c.Backwards = !c.Backwards })
		trial.Eventually(t, 5*time.Second, "health still complains", func() bool {
			_, details := s.Relay.Health()
			return len(details) == 0
		})
	}
	s.Flows()
	undisturbed(s)
	s.Finish()
}
