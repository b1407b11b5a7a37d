package several

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/sender/servertest"
	"transfer/transfer/sink"
	"transfer/transfer/trial"
)

// relays is how many stand before the site.
const relays = 3

// fleet is three relays that share a Redis, before a site of two judges and three graphs,
// of which the first has two addresses.
type fleet struct {
	*trial.Stage
	redis          *servertest.Redis
	judges, graphs []trial.SinkIn

	// overlap is by how many points more may be moved in than out: those that a relay had
	// delivered, or an adopter put before its own, when it lost the lease, and the next one
	// found in Redis as well.
	overlap int
	// approximate says that crashes at odd times may make both differ in any way; then
	// they are only reported.
	approximate bool
}

// lease is how long a stream stays with a relay that is not heard of: not so short that a
// busy machine takes it from one that runs.
func lease() time.Duration { return either(4*time.Second, 10*time.Second) }

// newFleet starts Redis and makes the relays, not started yet. What they share is set up
// by the settings that are named.
func newFleet(t *testing.T, c trial.Case, settings ...setting) *fleet {
	t.Helper()
	f := &fleet{
		redis:   servertest.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always"),
		overlap: either(1000, 0), // beside other tests even an adopter that runs may lose its lease
	}
	site := suite.NewSite(t)
	for _, node := range []string{"judge-00", "judge-01"} {
		f.judges = append(f.judges, site.Sink("judge", node))
	}
	for _, node := range []string{"graph-00", "graph-00", "graph-01", "graph-02"} {
		f.graphs = append(f.graphs, site.Sink("graph", node))
	}
	for _, backend := range []string{"judge", "graph"} {
		site.Set(backend, "queueBytes", either("64KiB", "1MiB"))
		site.Set(backend, "spoolBytes", "1GiB")
		for _, s := range settings {
			s(site, backend)
		}
	}
	var own []trial.Section
	for i := range relays {
		own = append(own, trial.Section{"redis": trial.Section{
			"enabled": true, "addrs": []string{f.redis.Address}, "relay": relayID(i),
			"lease": lease().String(),
		}})
	}
	f.Stage = trial.NewFleet(t, c, site, own...)
	return f
}

// relayID is the id of a relay.
func relayID(i int) string { return fmt.Sprintf("relay-%d", i) }

// setting sets a key of a backend's section.
type setting func(site *trial.Site, backend string)

// overflowing makes backlogs go to Redis, and to the disk where it takes no more.
func overflowing(site *trial.Site, backend string) { site.Set(backend, "overflow", "disk+redis") }

// start starts all relays, lets the load play and waits until points flow.
func (f *fleet) start(l trial.Load) {
	f.T.Helper()
	for _, relay := range f.Relays {
		relay.Start()
	}
	f.Play(l)
	f.Flows()
}

// away says whether a stand-in is configured no longer, or again.
func (f *fleet) away(in trial.SinkIn, away bool) {
	for i := range f.Site.Addrs {
		if f.Site.Addrs[i].In == in {
			f.Site.Addrs[i].Away = away
		}
	}
}

// spare adds a graph that is not configured yet.
func (f *fleet) spare(node string) trial.SinkIn {
	in := f.Site.Sink("graph", node)
	f.away(in, true)
	return in
}

// fail switches a fault of stand-ins.
func (f *fleet) fail(fault sink.Fault, all ...trial.SinkIn) {
	f.T.Helper()
	for _, in := range all {
		in.Fail(f.T, fault)
	}
}

// killed allows what it may cost that a relay is killed: what it delivered in its last
// second comes again, of a share of the load, at each of a point's three addresses at most.
func (f *fleet) killed(l trial.Load) {
	const copies = 3
	f.Crashed = true
	f.Allowed.Duplicates += copies * l.Rate / relays
	f.Allowed.Hasty = 1 << 30 // its clients' points may come by two relays at once
}

// undisturbed ends the clients and requires that none of them was refused, cut off or left
// without a reply.
func (f *fleet) undisturbed() {
	f.T.Helper()
	f.EndClients()
	connections, requests := f.Disturbances()
	require.Zero(f.T, connections, "connections broken")
	require.Zero(f.T, requests, "requests without a good answer")
}

// slow is the fault of a graph that takes its time, so that a backlog lasts.
func slow() sink.Fault { return sink.Fault{Mode: sink.Slow, Delay: 200 * time.Millisecond} }

// stopped stops a relay by SIGSTOP for longer than its lease, lets it go on and makes the
// slow graph well.
func (f *fleet) stopped(i int, l trial.Load) {
	f.T.Helper()
	f.Relays[i].Now.Signal(syscall.SIGSTOP)
	f.killed(l) // what it had in flight was sent by another one, too
	f.overlap = l.Rate
	time.Sleep(either(7*time.Second, 30*time.Second))
	f.Relays[i].Now.Signal(syscall.SIGCONT)
	time.Sleep(time.Second)
	f.Flows()
	f.fail(trial.Well(), f.graphs[3])
}

// adopted waits until another relay has taken over what a dead one has in Redis, and
// returns which.
func (f *fleet) adopted(dead int) (by int) {
	f.T.Helper()
	by = -1
	trial.Eventually(f.T, adoptTime(), "nobody adopts", func() bool {
		for i, relay := range f.Relays {
			if i != dead && relay.Runs() && relay.MustLedger().Totals.MovedIn > 0 {
				by = i
			}
		}
		return by >= 0
	})
	return by
}

// booksOfOthers returns the books of all relays but one.
func (f *fleet) booksOfOthers(i int) trial.Books {
	f.T.Helper()
	return f.BooksOf(append(slices.Clone(f.Relays[:i]), f.Relays[i+1:]...))
}

// settled ends the trial: all is delivered, Redis is empty, and the relays together have
// taken in what they gave away.
func (f *fleet) settled() *trial.Verdict {
	f.T.Helper()
	f.EndClients()
	f.T.Cleanup(f.explain)
	books := f.Settled(trial.DrainTime)
	for i, relay := range f.Relays {
		f.drained(i, lease())
		relay.Stop()
	}
	f.checkMoves(books)
	return f.Verdict(books)
}

// checkMoves holds what was moved in against what was moved out.
func (f *fleet) checkMoves(books trial.Books) {
	f.T.Helper()
	if f.approximate {
		f.Note("%d points moved out, %d in", books.Totals.MovedOut, books.Totals.MovedIn)
		return
	}
	out, in := books.Totals.MovedOut, books.Totals.MovedIn
	require.GreaterOrEqual(f.T, in, out, "moved in and out")
	require.LessOrEqual(f.T, int(in-out), f.overlap, "%d moved out, %d in", out, in)
	if in > 0 {
		f.Note("%d points changed hands", in)
	}
}
