package changes

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
	const few = 3
	for range few { // whatever the first times make and keep
		cycle()
	}
	before := quiet(s)
	for range cycles - few {
		cycle()
	}
	s.Flows()
	var after resources
	trial.Eventually(t, 30*time.Second, "goroutines and descriptors stay", func() bool {
		after = look(s)
		return after.goroutines <= before.goroutines && after.descriptors <= before.descriptors
	})
	s.Note("%d cycles, %d goroutines before and %d afterwards, %d and %d descriptors",
		cycles, before.goroutines, after.goroutines, before.descriptors, after.descriptors)
	undisturbed(s)
	s.Finish()
}

// resources are what a relay has of the system.
type resources struct{ goroutines, descriptors int }

// look returns the resources of now.
func look(s *trial.Stage) resources {
	s.T.Helper()
	text, err := s.Relay.Get("/metrics")
	require.NoError(s.T, err)
	return resources{gauge(s.T, text, "go_goroutines"), gauge(s.T, text, "process_open_fds")}
}

// quiet returns the most of some looks: connections of clients that look come and go.
func quiet(s *trial.Stage) (most resources) {
	s.T.Helper()
	for range 10 {
		time.Sleep(50 * time.Millisecond)
		r := look(s)
		most = resources{max(most.goroutines, r.goroutines), max(most.descriptors, r.descriptors)}
	}
	return most
}

// gauge returns the value of a metric without labels.
func gauge(t *testing.T, text, name string) int {
	t.Helper()
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			require.NoError(t, err)
			return int(n)
		}
	}
	require.Fail(t, "no such metric", name)
	return 0
}
