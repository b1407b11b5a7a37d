package several

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/trial"
)

// down is how long a graph is down, so that a backlog comes to lie in Redis.
func down() time.Duration { return either(3*time.Second, 20*time.Second) }

// adoptTime is how long a backlog may lie until another relay has delivered it.
func adoptTime() time.Duration { return lease() + either(15*time.Second, 60*time.Second) }

// A relay is killed that has a backlog in Redis: another one delivers it, and when it
// starts again, what lay in its journal and on its disk arrives as well.
func TestKilledRelayIsAdopted(t *testing.T) {
	t.Parallel()
	f := newFleet(t, trial.Case{
		Name: "kill -9 of a relay with a backlog in Redis", Injected: "a graph is down, one of three relays is killed, then the graph is up; the relay starts much later",
		Expected: "another relay delivers the backlog in order, what lay in the journal arrives at the restart, movedOut is movedIn",
	}, overflowing)
	load := usual()
	f.start(load)
	f.fail(trial.Dead(), f.graphs[3])
	f.backlog(0, 1, 2)
	time.Sleep(down())
	before := f.shelved(0)
	f.Relays[0].Kill()
	f.killed(load)
	f.Flows()
	f.fail(trial.Well(), f.graphs[3])
	f.drained(0, adoptTime())
	books := f.booksOfOthers(0)
	require.GreaterOrEqual(t, books.Totals.MovedIn, uint64(before), "taken over")
	f.Note("%d points adopted", books.Totals.MovedIn)
	f.Relays[0].Start()
	f.Flows()
	f.settled()
}

// A relay comes back while another one still holds its streams: its own points wait behind
// them.
func TestRelayComesBackToAdoptedStreams(t *testing.T) {
	t.Parallel()
	suite.OnlyInFull(t)
	f := newFleet(t, trial.Case{
		Name: "a killed relay comes back early", Injected: "a graph is down, a relay is killed, adopted, and starts again while the graph is still down",
		Expected: "its points wait behind what the other one has of it, order kept, movedOut is movedIn",
	}, overflowing)
	load := usual()
	f.start(load)
	f.fail(trial.Dead(), f.graphs[3])
	f.backlog(0, 1, 2)
	f.Relays[0].Kill()
	f.killed(load)
	f.adopted(0)
	f.Relays[0].Start()
	f.Flows()
	time.Sleep(down())
	f.fail(trial.Well(), f.graphs[3])
	f.Flows()
	f.settled()
}

// The address that an adopted backlog was for leaves the topology: it goes to the new owners.
func TestAdoptedNodeIsRemoved(t *testing.T) {
	t.Parallel()
	suite.OnlyInFull(t)
	f := newFleet(t, trial.Case{
		Name: "the node of an adopted backlog is removed", Injected: "a graph is down, a relay is killed and adopted, then `topology set` removes the graph; the relay starts later",
		Expected: "all backlogs come to the new owners, nothing lost",
	}, overflowing)
	load := usual()
	f.start(load)
	f.fail(trial.Dead(), f.graphs[3])
	f.backlog(0, 1, 2)
	time.Sleep(down())
	f.Relays[0].Kill()
	f.killed(load)
	f.adopted(0)
	f.set(func() { f.away(f.graphs[3], true) })
	f.Flows()
	f.drained(0, adoptTime())
	f.Relays[0].Start()
	f.Flows()
	f.settled()
}

// The relay that has adopted is killed as well, and so the last one adopts both.
func TestAdopterIsKilledToo(t *testing.T) {
	t.Parallel()
	suite.OnlyInFull(t)
	f := newFleet(t, trial.Case{
		Name: "the adopter is killed, too", Injected: "a graph is down, a relay is killed and adopted, then the adopter is killed",
		Expected: "the third one delivers the backlogs of both",
	}, overflowing)
	load := usual()
	f.start(load)
	f.fail(trial.Dead(), f.graphs[3])
	f.backlog(0, 1, 2)
	f.Relays[0].Kill()
	f.killed(load)
	adopter := f.adopted(0)
	f.overlap = load.Rate
	f.Relays[adopter].Kill()
	f.killed(load)
	third := 3 - adopter
	f.Flows()
	f.fail(trial.Well(), f.graphs[3])
	f.drained(0, adoptTime())
	f.drained(adopter, adoptTime())
	require.Positive(t, f.Relays[third].MustLedger().Totals.MovedIn)
	f.Relays[0].Start()
	f.Relays[adopter].Start()
	f.Flows()
	f.settled()
}

// A relay is stopped by SIGSTOP for longer than its lease: another one drains its streams.
// When it goes on it must neither send nor delete what is not its own any more.
func TestTwoDrainers(t *testing.T) {
	t.Parallel()
	f := newFleet(t, trial.Case{
		Name: "two drainers", Injected: "a relay is stopped by SIGSTOP for 30 s (7 s in the short form) while it drains its backlog, and goes on",
		Expected: "another relay drains it meanwhile, fencing and order hold, nothing lost",
	}, overflowing)
	load := usual()
	load.Answers = true // lines may lie unread in a stopped relay
	f.start(load)
	f.fail(trial.Dead(), f.graphs[3])
	f.backlog(0, 1, 2)
	time.Sleep(down())
	f.fail(slow(), f.graphs[3])
	time.Sleep(time.Second)
	f.stopped(0, load)
	f.settled()
}

// The same of a relay that drains what it has adopted.
func TestStoppedAdopter(t *testing.T) {
	t.Parallel()
	suite.OnlyInFull(t)
	f := newFleet(t, trial.Case{
		Name: "a stopped adopter", Injected: "a relay is killed and adopted, the adopter is stopped by SIGSTOP for 30 s (7 s in the short form) while it drains",
		Expected: "the third one drains it meanwhile, fencing and order hold, nothing lost",
	}, overflowing)
	load := usual()
	load.Answers = true // lines may lie unread in a stopped relay
	f.start(load)
	f.fail(trial.Dead(), f.graphs[3])
	f.backlog(0, 1, 2)
	time.Sleep(down())
	f.Relays[0].Kill()
	f.killed(load)
	adopter := f.adopted(0)
	f.overlap = load.Rate
	f.fail(slow(), f.graphs[3])
	time.Sleep(time.Second)
	f.stopped(adopter, load)
	f.Relays[0].Start()
	f.Flows()
	f.settled()
}
