// Package changes starts the real binary between clients and backends that it plays
// itself, changes what it is told to do while points flow, and holds it to its
// promises: no connection is broken, every acknowledged point arrives at the owner that
// the ring of its time names, in order, and all are accounted for.
//
// The short form is a part of `make test`; `make changes` runs all. CHANGES=full,
// CHANGES_SEED and CHANGES_REPORT do what trial.Suite says.
package changes

import (
	"os"
	"testing"
	"time"

	"transfer/transfer/sink"
	"transfer/transfer/trial"
)

// suite is what all tests here share.
var suite = trial.NewSuite("CHANGES")

func TestMain(m *testing.M) { os.Exit(suite.Run(m, 6, 1)) }

// either returns what the form at work asks for.
func either[T any](short, long T) T { return trial.Either(suite, short, long) }

// usual is the load of most tests.
func usual() trial.Load { return trial.Load{Rate: either(2000, 40_000)} }

// cluster is a site whose nodes come and go.
type cluster struct {
	*trial.Site
	judges, graphs []trial.SinkIn
}

// newCluster returns a site of three judges and three graphs, of which the first has
// two addresses. Their queues hold what such a rate needs.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{Site: suite.NewSite(t)}
	for _, node := range []string{"judge-00", "judge-01", "judge-02"} {
		c.judges = append(c.judges, c.Sink("judge", node))
	}
	for _, node := range []string{"graph-00", "graph-00", "graph-01", "graph-02"} {
		c.graphs = append(c.graphs, c.Sink("graph", node))
	}
	for _, backend := range []string{"judge", "graph"} {
		c.Set(backend, "queueBytes", either("256KiB", "4MiB"))
		c.Set(backend, "spoolBytes", "1GiB")
	}
	return c
}

// away says whether a stand-in is configured no longer, or again.
func (c *cluster) away(in trial.SinkIn, away bool) {
	for i := range c.Addrs {
		if c.Addrs[i].In == in {
			c.Addrs[i].Away = away
		}
	}
}

// spare adds a stand-in that is not configured yet.
func (c *cluster) spare(backend, node string) trial.SinkIn {
	in := c.Sink(backend, node)
	c.away(in, true)
	return in
}

// fail switches a fault of all of them.
func fail(t *testing.T, f sink.Fault, all ...trial.SinkIn) {
	t.Helper()
	for _, in := range all {
		in.Fail(t, f)
	}
}

// undisturbed ends the clients of a stage and requires that none of them was refused,
// cut off or left without a reply.
func undisturbed(s *trial.Stage) {
	s.T.Helper()
	s.EndClients()
	connections, requests := s.Disturbances()
	if connections > 0 || requests > 0 {
		s.T.Errorf("%d connections were broken, %d requests had no good answer", connections, requests)
	}
	s.Note("%d connections broken", connections)
}

// pause is how long the cluster stays as it is between two changes.
const pause = 500 * time.Millisecond
