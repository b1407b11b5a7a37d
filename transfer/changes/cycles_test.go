package changes

import (
	"net/http"
	"testing"

	"transfer/transfer/trial"
)

// A node is added and removed again and again by the admin API: nothing of it stays.
func TestAddAndRemoveCycles(t *testing.T) {
	t.Parallel()
	cycles := either(40, 1000)
	c := newCluster(t)
	newcomer := c.spare("graph", "graph-03")
	s := trial.NewStage(t, trial.Case{
		Name: "add and remove cycles", Injected: "a graph is added and removed 1,000 times (40 in the short form) by the admin API",
		Expected: "goroutines and descriptors as before, nothing lost",
	}, c.Site, nil)
	s.Relay.Start()
	s.Play(trial.Load{Rate: 2000, Answers: true})
	s.Flows()
	cycle := func() {
		s.Request(func() { c.away(newcomer, false) }, func() { addNode(s, "graph-03", newcomer) })
		s.Request(func() { c.away(newcomer, true) }, func() {
			ask(s, http.MethodDelete, "/api/clusters/graph/nodes/graph-03", nil)
		})
	}
	const first = 3
	for range first { // whatever the first times make and keep
		cycle()
	}
	before := quiet(s)
	for range cycles - first {
		cycle()
	}
	s.Flows()
	after := baseline(s, before)
	s.Note("%d cycles, %d goroutines before and %d afterwards, %d and %d descriptors",
		cycles, before.goroutines, after.goroutines, before.descriptors, after.descriptors)
	undisturbed(s)
	s.Finish()
}
