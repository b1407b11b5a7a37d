package sender

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"transfer/g/stat"
	"transfer/sender/overflow"
	"transfer/sender/queue"
	"transfer/sender/servertest"
)

// heirLease is the lease in these tests.
const heirLease = time.Second

// heir is a relay of several that share a Redis and the backend.
type heir struct {
	*moveBed
	name   string
	redis  *servertest.Redis
	client redis.UniversalClient
	apart  *apart
	end    func() // ends the store's Run, which is none of a Sender's
}

// newHeir returns a relay on the same backend and with the same series as its elder, if
// that is not nil; else the first one.
func newHeir(t *testing.T, name string, server *servertest.Redis, nodes map[string][]string, elder *heir) *heir {
	h := &heir{moveBed: newMoveBed(t, nodes), name: name, redis: server}
	h.section.Overflow = overflowBoth
	if elder != nil {
		h.site, h.next = elder.site, elder.next
	}
	h.connect(t)
	return h
}

// connect begins to use Redis, as another process.
func (h *heir) connect(t *testing.T) {
	h.client, h.apart, h.end = h.redis.Client(), &apart{}, func() {}
	h.client.AddHook(h.apart)
	h.overflow = overflow.New(overflow.Options{Client: h.client, Prefix: "test", Relay: h.name, Lease: heirLease, StreamShare: 0.9, Share: 0.95, Log: quiet()})
	t.Cleanup(h.leave)
}

// run uses Redis without a Sender.
func (h *heir) run() {
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		h.overflow.Run(stop)
	}()
	h.end = sync.OnceFunc(func() {
		close(stop)
		<-ended
	})
}

// leave ends its use of Redis as kill -9 does.
func (h *heir) leave() {
	h.end()
	_ = h.client.Close()
}

// die is kill -9.
func (h *heir) die(t *testing.T) {
	t.Helper()
	h.apart.is.Store(true) // nothing is let go of
	h.stop(t, true)
	h.leave()
}

// apart is a client's hook that cuts it off, at times.
type apart struct{ is atomic.Bool }

var errApart = errors.New("cut off")

func (a *apart) DialHook(next redis.DialHook) redis.DialHook { return next }

func (a *apart) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if a.is.Load() {
			cmd.SetErr(errApart)
			return errApart
		}
		return next(ctx, cmd)
	}
}

func (a *apart) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if a.is.Load() {
			return errApart
		}
		return next(ctx, cmds)
	}
}

// bequest fills a stream of a lane of the relay's target with the next points of the
// series of its ring that belong there, n of each, in Blocks of ten. It does without a
// Sender.
func (h *heir) bequest(t *testing.T, target string, lane, lanes, n int, series []int, change ...func(*overflow.StreamOptions)) *overflow.Stream {
	t.Helper()
	o := overflow.StreamOptions{
		Target: target, Lane: lane, Lanes: lanes, Hash: "crc32", Encoding: h.rules.Encoding,
		Routing: h.placing(t, lanes).Routing,
	}
	for _, change := range change {
		change(&o)
	}
	stream := h.overflow.Own(o)
	require.Eventually(t, stream.Writable, 10*time.Second, time.Millisecond)
	for range n {
		for some := range slices.Chunk(series, 10) {
			b := &queue.Block{Accepted: time.Now()}
			for _, one := range some {
				h.next[one]++
				b.Payload = fmt.Appendf(b.Payload, "%d %d", one, h.next[one])
				b.Close(hashOfSeries(one))
			}
			_, err := stream.Append(b)
			require.NoError(t, err)
		}
	}
	return stream
}

// hashOfSeries is the hash that moveBed gives its series.
func hashOfSeries(series int) uint32 { return uint32(series) * 0x9E3779B1 }

// placing returns the cluster of the relay's configuration, with so many lanes.
func (h *heir) placing(t *testing.T, lanes int) *Sender {
	s := newSender(1<<30, quiet())
	s.kinds = h.kinds()
	cfg := h.config()
	cfg.Backends[0].Lanes = lanes
	require.NoError(t, s.build(cfg, Storage{}))
	return s
}

// seriesOf returns so many series whose place is that lane of that node.
func (h *heir) seriesOf(t *testing.T, node string, lane, lanes, n int) (all []int) {
	c := h.placing(t, lanes).Clusters()[0]
	for series := 1; len(all) < n; series++ {
		hash := hashOfSeries(series)
		if c.ring.Nodes()[c.ring.Node(hash)] == node && queue.LaneOf(hash, lanes) == lane {
			all = append(all, series)
		}
	}
	return all
}

// adopt takes over what others have left, once there are so many streams.
func (h *heir) adopt(t *testing.T, streams int) {
	t.Helper()
	require.Eventually(t, func() bool {
		return len(h.overflow.Orphans()) >= streams && h.tryAdopt(t) != nil
	}, 20*time.Second, 10*time.Millisecond)
}

func (h *heir) awaitOrphans(t *testing.T, n int) {
	t.Helper()
	require.Eventually(t, func() bool { return len(h.overflow.Orphans()) >= n }, 20*time.Second, 10*time.Millisecond)
}

// tryAdopt does what the service does with the orphans of now.
func (h *heir) tryAdopt(t *testing.T) *Change {
	t.Helper()
	var streams []*overflow.Stream
	for _, left := range h.overflow.Orphans() {
		if h.sender.Refuses(left.Meta) != nil {
			continue
		}
		stream, err := h.overflow.Adopt(context.Background(), left)
		if !errors.Is(err, overflow.ErrNotHeld) { // or else it is another's since it was looked for
			require.NoError(t, err)
			streams = append(streams, stream)
		}
	}
	change := h.sender.PlanAdoption(streams)
	if change != nil {
		change.Apply()
	}
	return change
}

// row returns what is shown of a target.
func (h *heir) row(id string) stat.Target {
	for _, row := range h.sender.Targets() {
		if row.ID == id {
			return row
		}
	}
	return stat.Target{}
}

// serve keeps the state and waits until nothing is left, here or in Redis.
func (h *heir) serve(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		h.keep(t)
		return h.drained() && h.inRedis(t) == 0
	}, 30*time.Second, 20*time.Millisecond)
}

// inRedis returns how many entries all streams have.
func (h *heir) inRedis(t *testing.T) (entries int64) {
	t.Helper()
	keys, err := h.client.Keys(t.Context(), "test:*:stream").Result()
	require.NoError(t, err)
	for _, key := range keys {
		n, err := h.client.XLen(t.Context(), key).Result()
		require.NoError(t, err)
		entries += n
	}
	return entries
}

func ringOfThree() map[string][]string {
	return map[string][]string{"n1": {"a:1"}, "n2": {"b:1"}, "n3": {"c:1"}}
}

// A relay leaves a backlog and is gone. Another one brings it to the backend, its own
// points of these series behind it.
func TestAdoptedBacklogComesBeforeLivePoints(t *testing.T) {
	server := servertest.StartRedis(t)
	a := newHeir(t, "A", server, ringOfThree(), nil)
	a.run()
	b := newHeir(t, "B", server, ringOfThree(), a)
	series := a.seriesOf(t, "n1", 0, 1, 20)
	a.bequest(t, "graph/n1/a:1", 0, 1, 50, series)
	a.leave()

	b.start(t)
	b.site.set(true, "a:1")
	b.adopt(t, 1)
	const id = "graph/n1/a:1@A"
	require.Equal(t, uint64(1000), b.row(id).MovedIn)
	require.Equal(t, "a:1", b.row(id).Address)
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

// repeated returns how many points came to an address that had them.
func (h *heir) repeated() int {
	h.site.mu.Lock()
	defer h.site.mu.Unlock()
	return h.site.twice
}

// arrivedAt returns how many points came to the address first.
func (h *heir) arrivedAt(address string) (n int) {
	h.site.mu.Lock()
	defer h.site.mu.Unlock()
	for _, numbers := range h.site.first[address] {
		n += len(numbers)
	}
	return n
}

// narrow makes the window of what is on its way small: so many points at most.
func (h *heir) narrow() (points int) {
	h.section.QueueBytes = 64 << 10
	const item = 8 + 3 // its place in a Block and its bytes, at least
	return 32<<10/item + 500
}

// The adopter is killed in the middle, and the next one begins where the first has not
// confirmed.
func TestAdopterIsKilled(t *testing.T) {
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

// The adopter stands still for longer than its lease with points under way, and another
// one takes over: each point arrives, in order, and the first one lets go.
func TestTwoAdopters(t *testing.T) {
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

// What another hash has placed, or onRemove says so, goes to the address that it was for.
func TestAdoptedBacklogDrains(t *testing.T) {
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

// What cannot be understood stays where it is.
func TestRefusedBacklogStays(t *testing.T) {
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

// Nodes that are not in the ring here, and two addresses of a node: each point comes to
// who owns its series now, as often as it was left.
func TestAdoptedNodeIsNotHere(t *testing.T) {
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
