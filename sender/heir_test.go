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
			// On a busy machine a call may take too long: nothing of it will be read, then.
			require.Eventually(t, func() bool { _, err := stream.Append(b); return err == nil }, 10*time.Second, time.Millisecond)
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
		h.keep(t) // as the keeper does: what is gone is let go of
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
		if err == nil { // or else it is another's since it was looked for, or Redis is away
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

// The adopter stands still for longer than its lease with points under way, and another

// one takes over: each point arrives, in order, and the first one lets go.

// What another hash has placed, or onRemove says so, goes to the address that it was for.

// What cannot be understood stays where it is.

// Nodes that are not in the ring here, and two addresses of a node: each point comes to

// who owns its series now, as often as it was left.

// What waits here behind an adopted stream outlives the adopter's restart, and still comes

// behind it.

// A stream that nobody gets again does not hold up for long what waits behind it.

// The owner comes back while its backlog is drained elsewhere: what it has itself waits for

// that, and its account says what has become of the rest.

// More of the same target, later: another lane's while the first one's is there, and one

// when nothing was left of it.

// A group's backlog, of which every relay's group can have all.

// Redis is away for longer than the lease and comes back: nothing is lost, and what was

// adopted goes on in its order.
