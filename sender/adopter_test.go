package sender

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/sender/servertest"
)

func TestAdopterIsKilled(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	a := newHeir(t, "A", server, ringOfThree(), nil)
	a.run()
	series := a.seriesOf(t, "n1", 0, 1, 100)
	a.bequest(t, "graph/n1/a:1", 0, 1, 200, series)
	a.leave()

	b := newHeir(t, "B", server, ringOfThree(), a)
	b.narrow()
	b.start(t)
	b.adopt(t, 1)
	require.Eventually(t, func() bool { b.keep(t); return b.arrivedAt("a:1") > 5000 }, 20*time.Second, time.Millisecond)
	require.Less(t, b.arrivedAt("a:1"), 20000, "it is in the middle of it")
	b.die(t)

	c := newHeir(t, "C", server, ringOfThree(), b)
	window := c.narrow()
	c.start(t)
	c.adopt(t, 1)
	c.put(series...)
	c.serve(t)
	c.killed = true
	c.verify(t)
	require.Less(t, c.repeated(), window)
	require.Equal(t, 20000+len(series), c.arrivedAt("a:1"))
	c.stop(t, false)
}

func TestTwoAdopters(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	a := newHeir(t, "A", server, ringOfThree(), nil)
	a.run()
	series := a.seriesOf(t, "n1", 0, 1, 101)
	a.bequest(t, "graph/n1/a:1", 0, 1, 200, series[1:])
	a.leave()

	b := newHeir(t, "B", server, ringOfThree(), a)
	c := newHeir(t, "C", server, ringOfThree(), a)
	window := b.narrow()
	c.narrow()
	b.start(t)
	c.start(t)
	b.site.set(true, "a:1")
	b.adopt(t, 1)
	b.put(series[0]) // behind it
	onward := func() uint64 { return b.row("graph/n1/a:1").MovedIn }
	require.Eventually(t, func() bool { return onward() > 50 }, 10*time.Second, time.Millisecond)
	b.apart.is.Store(true)
	c.adopt(t, 1)
	b.site.set(false, "a:1")
	require.Eventually(t, func() bool { c.keep(t); return c.arrivedAt("a:1") > 10000 }, 20*time.Second, time.Millisecond)
	sent := onward()
	require.Less(t, sent, uint64(window), "it has put nothing onward since its lease is over")
	b.apart.is.Store(false)
	require.Eventually(t, func() bool { b.keep(t); return b.drained() }, 20*time.Second, time.Millisecond)
	require.LessOrEqual(t, onward(), sent+11, "nor later, but for what it had in hand and its own")
	c.serve(t)
	for _, h := range []*heir{b, c} {
		h.killed = true
		h.verify(t)
		row := h.row("graph/n1/a:1@A")
		require.Equal(t, row.MovedIn+row.Accepted, row.MovedOut, h.name)
	}
	require.Less(t, b.repeated(), window)
	require.Equal(t, 20001, b.arrivedAt("a:1"))
	b.settle(t)
	require.Empty(t, b.sender.leaving())
	b.stop(t, false)
	c.stop(t, false)
}

func TestAdopterRestarts(t *testing.T) {
	t.Parallel()
	for name, killed := range map[string]bool{"stopped": false, "killed": true} {
		t.Run(name, func(t *testing.T) {
			server := servertest.StartRedis(t)
			a := newHeir(t, "A", server, ringOfThree(), nil)
			a.run()
			series := a.seriesOf(t, "n1", 0, 1, 50)
			a.bequest(t, "graph/n1/a:1", 0, 1, 50, series)
			a.leave()

			b := newHeir(t, "B", server, ringOfThree(), a)
			b.narrow()
			b.start(t)
			b.site.set(true, "a:1")
			b.adopt(t, 1)
			for range 10 {
				b.put(series...)
			}
			require.Eventually(t, func() bool { b.keep(t); return b.row("graph/n1/a:1@A").SpoolPoints == 500 }, 20*time.Second, 10*time.Millisecond)
			b.keep(t) // the last ones may have come to the spool behind the keep before
			if killed {
				b.die(t)
			} else {
				b.stop(t, false)
				b.leave()
			}
			b.connect(t)
			b.start(t)
			require.Equal(t, uint64(500), b.row("graph/n1/a:1@A").Queued)
			b.put(series...)
			b.site.set(false, "a:1")
			b.adopt(t, 1)
			b.serve(t)
			b.killed = true
			b.verify(t)
			require.Equal(t, 61*50, b.arrivedAt("a:1"))
			b.settle(t)
			require.Empty(t, b.sender.leaving())
			b.stop(t, false)
		})
	}
}

func TestAdopterRestartsWithoutTheStream(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	a := newHeir(t, "A", server, ringOfThree(), nil)
	a.run()
	series := a.seriesOf(t, "n1", 0, 1, 10)
	a.bequest(t, "graph/n1/a:1", 0, 1, 30, series)
	a.leave()
	b := newHeir(t, "B", server, ringOfThree(), a)
	b.narrow()
	b.start(t)
	b.site.set(true, "a:1")
	b.adopt(t, 1)
	b.put(series...)
	require.Eventually(t, func() bool { b.keep(t); return b.row("graph/n1/a:1@A").SpoolPoints == 10 }, 20*time.Second, 10*time.Millisecond)
	b.stop(t, false)
	b.leave()
	b.connect(t)
	b.start(t)
	b.site.set(false, "a:1")
	require.Eventually(t, func() bool { b.keep(t); return b.drained() }, heirLease+returnsWithin+10*time.Second, 20*time.Millisecond)
	require.Contains(t, b.site.arrived("a:1", series[0]), b.next[series[0]])
	b.adopt(t, 1)
	b.serve(t)
	require.Equal(t, 310, b.arrivedAt("a:1"))
	b.stop(t, false)
}

func TestOwnerComesBack(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	a := newHeir(t, "A", server, ringOfThree(), nil)
	series := a.seriesOf(t, "n1", 0, 1, 50)
	a.start(t)
	a.site.set(true, "a:1")
	for range 40 {
		a.put(series...)
	}
	require.Eventually(t, func() bool { a.keep(t); return a.row("graph/n1/a:1").RedisPoints == 2000 }, 30*time.Second, 10*time.Millisecond)
	a.keep(t)
	a.die(t)

	b := newHeir(t, "B", server, ringOfThree(), a)
	b.start(t)
	b.adopt(t, 1)
	a.connect(t)
	a.start(t)
	for range 10 {
		a.put(series...)
	}
	b.keep(t)
	require.Zero(t, a.row("graph/n1/a:1").Delivered, "what it has comes behind")
	a.site.set(false, "a:1")
	b.serve(t)
	a.serve(t)
	require.Equal(t, 2500, a.arrivedAt("a:1"))
	for _, h := range []*heir{a, b} {
		h.killed = true
		h.verify(t)
	}
	row := a.row("graph/n1/a:1")
	require.Equal(t, [4]uint64{2500, 2000, 500, 0}, [4]uint64{row.Accepted, row.MovedOut, row.Delivered, row.DroppedTotal()})
	require.Equal(t, uint64(2000), b.row("graph/n1/a:1").Delivered)
	require.Equal(t, b.row("graph/n1/a:1@A").MovedIn, b.row("graph/n1/a:1@A").MovedOut)
	a.stop(t, false)
	b.stop(t, false)
}

func TestRedisIsAwayFromTheAdopter(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	a := newHeir(t, "A", server, ringOfThree(), nil)
	a.run()
	series := a.seriesOf(t, "n1", 0, 1, 100)
	a.bequest(t, "graph/n1/a:1", 0, 1, 100, series)
	a.leave()
	b := newHeir(t, "B", server, ringOfThree(), a)
	b.narrow()
	b.start(t)
	b.adopt(t, 1)
	require.Eventually(t, func() bool { b.keep(t); return b.arrivedAt("a:1") > 2000 }, 20*time.Second, time.Millisecond)
	b.apart.is.Store(true)
	b.put(series...)
	time.Sleep(2 * heirLease)
	require.Less(t, b.arrivedAt("a:1"), 10000)
	require.Positive(t, b.row("graph/n1/a:1@A").Queued)
	b.apart.is.Store(false)
	b.serve(t)
	b.heired = 10000
	b.verify(t)
	require.Equal(t, 10100, b.arrivedAt("a:1"))
	b.stop(t, false)
}
