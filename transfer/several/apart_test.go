package several

import (
	"testing"
	"time"

	"transfer/transfer/trial"
)

// Nothing is shared but the file: a relay that is killed keeps what it has until it starts
// again, and its clients go elsewhere.
func TestRelaysThatShareNothing(t *testing.T) {
	t.Parallel()
	f := newFleet(t, trial.Case{
		Name: "a relay is killed, overflow on disk", Injected: "one of three relays is killed with a backlog on its disk, and starts again",
		Expected: "its clients go elsewhere, nothing acknowledged lost, the order of each relay holds",
	})
	load := usual()
	f.start(load)
	f.fail(trial.Dead(), f.graphs[3])
	time.Sleep(either(3*time.Second, 15*time.Second))
	f.Relays[0].Kill()
	f.killed(load)
	f.Flows()
	f.fail(trial.Well(), f.graphs[3])
	time.Sleep(either(time.Second, 10*time.Second))
	f.Relays[0].Start()
	f.Flows()
	f.settled()
}
