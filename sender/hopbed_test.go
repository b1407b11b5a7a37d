package sender

import (
	"context"
	"hash/crc32"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g"
	"transfer/g/metric"
	"transfer/g/stat"
	"transfer/sender/queue"
)

// dialCount is a Backend that notes whether two dials to one address are under way.
type dialCount struct {
	Backend
	mu    sync.Mutex
	open  map[string]int
	crowd bool
}

func (d *dialCount) Dial(ctx context.Context, address string) (Conn, error) {
	d.add(address, 1)
	defer d.add(address, -1)
	conn, err := d.Backend.Dial(ctx, address)
	time.Sleep(time.Millisecond) // a loopback dial is over at once
	return conn, err
}

func (d *dialCount) add(address string, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open[address] += n
	d.crowd = d.crowd || d.open[address] > 1
}

// hopBed is a Sender with a group of next hops on real sockets, to which series are fed.
type hopBed struct {
	t       *testing.T
	got     *arrivals
	servers []*server
	dials   *dialCount
	sender  *Sender

	section g.Backend

	stop    chan struct{}
	stopped bool
	feeding sync.WaitGroup
	putting sync.Mutex // nobody may put while a change is put in force
	fed     int
}

// newHopBed starts three next hops and six lanes; change changes the section.
func newHopBed(t *testing.T, change func(*g.Backend)) *hopBed {
	t.Helper()
	b := &hopBed{t: t, got: newArrivals(), stop: make(chan struct{}), section: *section("transfer", "")}
	for range 3 {
		b.servers = append(b.servers, newServer(t, b.got))
	}
	s := &b.section
	s.Batch, s.MaxConns, s.Lanes, s.QueueBytes, s.MaxAge = 50, 32, 6, 64<<20, time.Hour
	s.CallTimeout, s.ProbeInterval, s.EjectAfter = 800*time.Millisecond, 50*time.Millisecond, 3
	change(s)
	b.dials = &dialCount{Backend: transfer{newDialer(s)}, open: map[string]int{}}
	b.sender = newSender(1<<30, quiet())
	b.sender.shared.recovery = 1e9
	b.sender.kinds = []kind{{name: "transfer", build: func(section *g.Backend, minStep int) (plan, error) {
		p, err := newTransfer(section, minStep)
		p.Backend = b.dials
		return p, err
	}}}
	require.NoError(t, b.sender.build(b.config(), Storage{}))
	b.sender.targets()[0].role.Load().hops.back = homecoming{after: 200 * time.Millisecond, pause: 10 * time.Millisecond, hold: 5 * time.Millisecond}
	b.sender.Start()
	t.Cleanup(b.abort)
	return b
}

// config returns the configuration with the next hops of now.
func (b *hopBed) config() *g.Config {
	section := b.section
	section.Nodes = []g.Node{{Name: "t1"}}
	for _, s := range b.servers {
		section.Nodes[0].Addresses = append(section.Nodes[0].Addresses, s.address)
	}
	return &g.Config{Backends: []*g.Backend{&section}, MinStep: 30, MemoryLimit: 2 << 30}
}

// apply makes the relay send to the next hops of now.
func (b *hopBed) apply() {
	change, err := b.sender.Plan(b.config())
	require.NoError(b.t, err)
	b.putting.Lock()
	defer b.putting.Unlock()
	change.Apply()
}

// feed puts a point of each of 60 series every 10 ms, until end.
func (b *hopBed) feed() {
	b.feeding.Go(func() {
		for n := 1; !isClosed(b.stop); n++ {
			b.put(n)
			time.Sleep(10 * time.Millisecond)
		}
	})
}

// put puts the point of that number of each series.
func (b *hopBed) put(n int) {
	const series = 60
	b.putting.Lock()
	defer b.putting.Unlock()
	c := b.sender.Clusters()[0]
	block := &queue.Block{Accepted: time.Now()}
	for i := range series {
		p := metric.Point{Endpoint: "s" + strconv.Itoa(i), Metric: "m", Value: float64(n), Timestamp: 1, Step: 1}
		block.Payload = append(block.Payload, itemOf(c.Backend, &p)...)
		block.Close(crc32.ChecksumIEEE([]byte(p.Endpoint)))
	}
	place(c, block)
	b.fed += series
}

// end stops the feeding and makes sure that all has arrived, in order, over one dial at a
// time to each address.
func (b *hopBed) end() {
	close(b.stop)
	b.feeding.Wait()
	eventually(b.t, "all is delivered", func() bool { return b.sender.Targets()[0].Queued == 0 })
	require.Zero(b.t, b.stopSender())
	row := b.sender.Targets()[0]
	require.True(b.t, row.Balanced())
	require.Zero(b.t, row.Open)
	require.Equal(b.t, uint64(b.fed), row.Delivered)
	b.got.mu.Lock()
	defer b.got.mu.Unlock()
	require.Equal(b.t, b.fed, b.got.count)
	require.False(b.t, b.dials.crowd, "two dials at a time to one address")
}

func (b *hopBed) stopSender() (left uint64) {
	b.stopped = true
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return b.sender.Stop(ctx)
}

// abort ends a test that has failed, and says how it stood.
func (b *hopBed) abort() {
	if b.stopped {
		return
	}
	b.t.Logf("%+v", b.sender.Targets()[0])
	if !isClosed(b.stop) {
		close(b.stop)
	}
	b.feeding.Wait()
	b.stopSender()
}

// addresses returns what is shown of the next hops.
func (b *hopBed) addresses() []stat.Address { return b.sender.Targets()[0].Addresses }

// waitFor waits until the first address has this state and so many lanes use each.
func (b *hopBed) waitFor(state string, lanes ...int) {
	b.t.Helper()
	eventually(b.t, state, func() bool {
		all := b.addresses()
		for i, a := range all {
			if a.Lanes != lanes[i] {
				return false
			}
		}
		return all[0].State == state
	})
}
