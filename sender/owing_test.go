package sender

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g"
	"transfer/sender/queue"
)

// A stand-in that had points in memory alone is over as soon as the next process starts.
// What the journal owes it comes behind what those hold that had stood in before it.
func TestOwedToAStandInThatIsOver(t *testing.T) {
	s := newSender(1<<30, quiet())
	section := &g.Backend{Name: "peer", Batch: 10, QueueBytes: 1 << 20, MaxAge: time.Hour}
	at := func(address string) *target {
		return newTarget(plan{Backend: &peer{}}, section, location{node: "n", addresses: []string{address}}, 1, s.shared)
	}
	home, before, last := at("a:1"), at("b:1"), at("c:1")
	home.relief.Store(&relief{
		owners: []*target{home}, closed: []*standIn{{targets: []*target{before}}, {targets: []*target{last}}},
		homeward: true, final: true,
	})
	p := &past{states: map[string][]LaneState{before.id: {{Mark: 10}}, last.id: {{Mark: 5}}}}
	b := &queue.Block{Last: 10}
	b.Close(0)
	requireOwing := func(want *target) {
		t.Helper()
		require.Same(t, want.laneOf(0).blocks, p.owing(home, home.entrance(0), b, 0))
	}
	requireOwing(last)
	last.gone = true
	requireOwing(before)
	before.gone = true
	requireOwing(home)

	before.gone, last.gone = false, false
	p.states[last.id][0].Mark = 10 // it has had the point, so that the node itself is owed it
	requireOwing(home)
}
