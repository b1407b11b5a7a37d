package sender

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// For as long as a hand-over lasts, points of the series that have moved come to both
// nodes, also through a restart and a kill; then to the new one only.
func TestHandoff(t *testing.T) {
	defer goleak.VerifyNone(t)
	for name, restart := range map[string]func(*testing.T, *moveBed){
		"running":   func(*testing.T, *moveBed) {},
		"restarted": func(t *testing.T, b *moveBed) { b.stop(t, false); b.start(t) },
		"killed":    func(t *testing.T, b *moveBed) { b.stop(t, true); b.start(t) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { handOver(t, restart) })
		})
	}
}

func handOver(t *testing.T, restart func(*testing.T, *moveBed)) {
	b := newMoveBed(t, map[string][]string{"n0": {"a:1"}, "n1": {"b:1"}})
	b.section.Handoff = 20 * time.Second
	b.start(t)
	put := func(times int) {
		for range times {
			b.put(upTo(moveSeries)...)
			time.Sleep(time.Second)
			b.keep(t)
		}
	}
	put(5) // 1 to 5
	b.nodes["n2"] = []string{"c:1"}
	b.apply(t)
	require.Len(t, b.sender.Rings()[0].Handoffs, 1)
	require.InDelta(t, 1.0/3, b.sender.Rings()[0].Handoffs[0].Share, 0.15)
	put(10)                 // 6 to 15
	b.site.set(true, "a:1") // what it has not had in the end, it gets
	put(2)                  // 16 and 17
	restart(t, b)
	require.Len(t, b.sender.Rings()[0].Handoffs, 1)
	b.site.set(false, "a:1")
	time.Sleep(2 * time.Second)
	put(2)                       // 18 and 19
	time.Sleep(10 * time.Second) // the end
	put(3)                       // 20 to 22
	require.Empty(t, b.sender.Rings()[0].Handoffs)
	require.Empty(t, b.sender.State(b.last).Handoffs)

	moved := 0
	for series := range moveSeries {
		got := b.site.arrived("c:1", series)
		if len(got) == 0 {
			continue
		}
		moved++
		require.Equal(t, upTo(23)[6:], got)
		before := b.site.arrived("a:1", series)
		if len(before) == 0 {
			before = b.site.arrived("b:1", series)
		}
		require.Equal(t, upTo(20)[1:], before, "series %d", series)
	}
	require.NotZero(t, moved)
	b.verify(t)
	b.stop(t, false)
}

// A ring that comes and goes again and again does not gather hand-overs.
func TestHandoffsAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newMoveBed(t, map[string][]string{"n0": {"a:1"}, "n1": {"b:1"}})
		b.section.Handoff = time.Hour
		b.start(t)
		for range 20 {
			b.nodes["n2"] = []string{"c:1"}
			b.apply(t)
			delete(b.nodes, "n2")
			b.apply(t)
		}
		require.Len(t, b.sender.Rings()[0].Handoffs, 2)
		for n := range 20 {
			b.section.Replicas = 21 + n
			b.apply(t)
		}
		require.Len(t, b.sender.Rings()[0].Handoffs, mostHandoffs)
		b.put(upTo(moveSeries)...)
		time.Sleep(time.Second)
		for series := range moveSeries {
			require.LessOrEqual(t, len(b.site.arrived("a:1", series))+len(b.site.arrived("b:1", series)), 2)
			require.NotEmpty(t, slices.Concat(b.site.arrived("a:1", series), b.site.arrived("b:1", series)))
		}
		b.section.Handoff = 0
		b.apply(t)
		require.Empty(t, b.sender.Rings()[0].Handoffs, "off is off")
		b.stop(t, false)
	})
}
