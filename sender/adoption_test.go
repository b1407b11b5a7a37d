package sender

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/stat"
	"transfer/sender/overflow"
	"transfer/sender/queue"
	"transfer/sender/servertest"
)

func TestAdoptedBacklogComesBeforeLivePoints(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	a := newHeir(t, "A", server, ringOfThree(), nil)
	a.run()
	b := newHeir(t, "B", server, ringOfThree(), a)
	series := a.seriesOf(t, "n1", 0, 1, 20)
	a.bequest(t, "graph/n1/a:1", 0, 1, 50, series)
	a.leave()

	b.narrow() // not all of it can be on its way
	b.start(t)
	b.site.set(true, "a:1")
	b.adopt(t, 1)
	const id = "graph/n1/a:1@A"
	require.Equal(t, uint64(1000), b.row(id).MovedIn)
	require.Equal(t, "a:1", b.row(id).Address)
	require.Equal(t, "A", b.row(id).LeftBy)
	require.Positive(t, b.row(id).RedisBytes)
	backlogs, err := b.sender.Backlogs()
	require.NoError(t, err)
	require.Equal(t, uint64(1000), backlogs[0].Redis)
	shown := 0
	_, err = b.sender.VisitSpool(id, 0, func(left *queue.Block, _ uint64, _ string) bool {
		shown += left.Len()
		return true
	})
	require.NoError(t, err)
	require.Equal(t, 1000, shown)
	for range 5 {
		b.put(series...)
	}
	b.put(b.seriesOf(t, "n2", 0, 1, 5)...) // others do not wait
	require.Eventually(t, func() bool { return b.row("graph/n2/b:1").Delivered == 5 }, 10*time.Second, time.Millisecond)
	require.Zero(t, b.row("graph/n1/a:1").Accepted, "they queue behind the backlog")
	b.site.set(false, "a:1")
	b.serve(t)
	b.heired = 1000
	b.verify(t)
	row := b.row(id)
	require.Equal(t, [3]uint64{100, 1000, 1100}, [3]uint64{row.Accepted, row.MovedIn, row.MovedOut})
	require.Equal(t, uint64(1100), b.row("graph/n1/a:1").MovedIn)
	b.settle(t)
	require.Equal(t, stat.StateGone, b.row(id).State)
	require.Empty(t, b.sender.leaving())
	b.stop(t, false)
}

func TestAdoptedBacklogDrains(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]struct {
		stream func(*overflow.StreamOptions)
		heir   func(*heir)
	}{
		"another hash":  {func(o *overflow.StreamOptions) { o.Hash = "murmur3" }, func(*heir) {}},
		"onRemove":      {func(*overflow.StreamOptions) {}, func(h *heir) { h.section.OnRemove = onRemoveDrain }},
		"of a stand-in": {func(o *overflow.StreamOptions) { o.Target = "graph/n2@n1/a:1" }, func(*heir) {}},
	} {
		t.Run(name, func(t *testing.T) {
			server := servertest.StartRedis(t)
			a := newHeir(t, "A", server, ringOfThree(), nil)
			a.run()
			b := newHeir(t, "B", server, map[string][]string{"n2": {"b:1"}}, a)
			series := a.seriesOf(t, "n1", 0, 1, 10)
			target := a.bequest(t, "graph/n1/a:1", 0, 1, 20, series, change.stream).Meta().Target
			a.leave()
			change.heir(b)
			b.start(t)
			b.adopt(t, 1)
			b.serve(t)
			require.Equal(t, 200, b.arrivedAt("a:1"))
			require.Zero(t, b.arrivedAt("b:1"))
			row := b.row(target + "@A")
			require.Equal(t, [2]uint64{200, 200}, [2]uint64{row.MovedIn, row.Delivered})
			b.settle(t)
			require.Equal(t, stat.StateGone, b.row(target+"@A").State)
			b.stop(t, false)
		})
	}
}

func TestRefusedBacklogStays(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	a := newHeir(t, "A", server, ringOfThree(), nil)
	a.run()
	series := a.seriesOf(t, "n1", 0, 1, 10)
	a.bequest(t, "graph/n1/a:1", 0, 1, 1, series, func(o *overflow.StreamOptions) { o.Encoding = "site/2" })
	a.bequest(t, "judge/n1/a:1", 0, 1, 1, series)
	a.bequest(t, "graph", 0, 1, 1, series)
	a.leave()
	b := newHeir(t, "B", server, ringOfThree(), a)
	b.start(t)
	b.awaitOrphans(t, 3)
	for i, words := range []string{"what the stream says of itself makes no sense", `have the form "site/2"`, `the backend "judge" is not enabled`} {
		left := b.overflow.Orphans()[i]
		require.ErrorContains(t, b.sender.Refuses(left.Meta), words)
		stream, err := b.overflow.Adopt(t.Context(), left) // as when the configuration changes meanwhile
		require.NoError(t, err)
		require.Nil(t, b.sender.PlanAdoption([]*overflow.Stream{stream}))
	}
	b.awaitOrphans(t, 3) // all of them again
	require.Equal(t, int64(3), b.inRedis(t))
	b.stop(t, false)
}

func TestAdoptedNodeIsNotHere(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	a := newHeir(t, "A", server, map[string][]string{"n1": {"a:1", "a:2"}, "n2": {"b:1", "b:2"}, "n3": {"c:1", "c:2"}}, nil)
	a.run()
	gone, there := a.seriesOf(t, "n3", 0, 1, 20), a.seriesOf(t, "n1", 0, 1, 20)
	for _, of := range []struct {
		target string
		series []int
	}{{"graph/n3/c:1", gone}, {"graph/n3/c:2", gone}, {"graph/n1/a:2", there}} {
		for _, one := range of.series {
			a.next[one] = 0 // both addresses have the same points
		}
		a.bequest(t, of.target, 0, 1, 30, of.series)
	}
	a.leave()
	b := newHeir(t, "B", server, map[string][]string{"n1": {"a:1", "a:3"}, "n2": {"b:1", "b:2"}}, a)
	b.start(t)
	b.adopt(t, 3)
	b.put(gone...)
	b.put(there...)
	b.serve(t)
	b.heired = 1800
	b.verify(t)
	require.Equal(t, 600, b.arrivedAt("a:3")-b.arrivedAt("a:1"), "a:3 has the place of a:2, of which alone something was left")
	require.Equal(t, b.arrivedAt("b:1"), b.arrivedAt("b:2"))
	require.Zero(t, b.repeated())
	b.stop(t, false)
}

func TestMoreIsAdopted(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	a := newHeir(t, "A", server, ringOfThree(), nil)
	a.run()
	first, second := a.seriesOf(t, "n1", 0, 2, 20), a.seriesOf(t, "n1", 1, 2, 20)
	b := newHeir(t, "B", server, ringOfThree(), a)
	b.start(t)
	b.site.set(true, "a:1")
	a.bequest(t, "graph/n1/a:1", 0, 2, 20, first)
	a.apart.is.Store(true)
	b.adopt(t, 1)
	b.put(first...)
	b.put(second...) // passes the lane that has nothing, or waits in it
	a.apart.is.Store(false)
	a.bequest(t, "graph/n1/a:1", 1, 2, 20, second)
	a.apart.is.Store(true)
	b.adopt(t, 1)
	b.put(second...)
	b.site.set(false, "a:1")
	b.serve(t)
	b.heired, b.mixed = 800, true // one point was ahead of the second stream
	b.verify(t)
	require.Equal(t, 860, b.arrivedAt("a:1"))
	b.settle(t)
	require.Empty(t, b.sender.leaving())

	a.apart.is.Store(false)
	stream := a.bequest(t, "graph/n1/a:1", 0, 2, 10, first)
	require.Greater(t, stream.Claim().Head, uint64(1), "its numbers go on")
	a.leave()
	b.adopt(t, 1)
	b.put(first...)
	b.serve(t)
	b.heired = 1000
	b.verify(t)
	row := b.row("graph/n1/a:1@A")
	require.Equal(t, uint64(1000), row.MovedIn, "its account goes on")
	b.stop(t, false)
}

func TestAdoptedGroup(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	a := newHeir(t, "A", server, nil, nil)
	a.group = []string{"g:1"}
	a.run()
	series := []int{1, 2, 3, 4, 5}
	a.bequest(t, "graph", 0, 1, 100, series)
	a.leave()
	b := newHeir(t, "B", server, nil, a)
	b.group = []string{"g:2", "g:3"}
	b.narrow()
	b.start(t)
	b.site.set(true, "g:2", "g:3")
	b.adopt(t, 1)
	for range 5 {
		b.put(series...)
	}
	require.Equal(t, uint64(25), b.row("graph@A").Accepted)
	require.Eventually(t, func() bool { b.keep(t); return b.row("graph@A").SpoolPoints == 25 }, 20*time.Second, 10*time.Millisecond)
	b.stop(t, false)
	b.leave()
	b.connect(t)
	b.start(t)
	b.adopt(t, 1)
	b.site.set(false, "g:2", "g:3")
	b.serve(t)
	b.heired = 500
	b.killed = true
	b.verify(t)
	require.Equal(t, 525, b.arrivedAt("g:2")+b.arrivedAt("g:3"))
	b.stop(t, false)
}
