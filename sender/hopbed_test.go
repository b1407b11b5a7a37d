package sender

import (
	"context"
	"hash/crc32"
	"net"
	"net/rpc"
	"net/rpc/jsonrpc"
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

// arrivals is what several next hops got, together. A point is "sN" and its number.
type arrivals struct {
	mu     sync.Mutex
	newest map[string]float64 // by endpoint
	got    map[string]map[float64]bool
	late   int // first arrivals behind a newer one
	count  int // first arrivals
}

func newArrivals() *arrivals {
	return &arrivals{newest: map[string]float64{}, got: map[string]map[float64]bool{}}
}

func (a *arrivals) arrive(items []*MetricValue) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, item := range items {
		series := a.got[item.Endpoint]
		if series == nil {
			series = map[float64]bool{}
			a.got[item.Endpoint] = series
		}
		if series[item.Value] {
			continue
		}
		series[item.Value] = true
		a.count++
		if item.Value < a.newest[item.Endpoint] {
			a.late++
		}
		a.newest[item.Endpoint] = max(a.newest[item.Endpoint], item.Value)
	}
}

// server is one next hop, which can refuse connections, and hang: take them and
// answer nothing.
type server struct {
	t        *testing.T
	address  string
	arrivals *arrivals
	rpc      *rpc.Server
	running  sync.WaitGroup

	mu       sync.Mutex
	resumed  chan struct{} // closed: it does not hang
	listener net.Listener  // nil: it refuses
	open     map[net.Conn]bool
	calls    int
}

func newServer(t *testing.T, a *arrivals) *server {
	s := &server{t: t, address: "127.0.0.1:0", arrivals: a, rpc: rpc.NewServer(), resumed: make(chan struct{}), open: map[net.Conn]bool{}}
	close(s.resumed)
	require.NoError(t, s.rpc.RegisterName("Transfer", (*hopService)(s)))
	s.listen()
	t.Cleanup(func() { s.resume(); s.refuse(); s.running.Wait() })
	return s
}

// hopService is the RPC service of a server.
type hopService server

// Update takes points.
func (s *hopService) Update(items []*MetricValue, reply *TransferResponse) error {
	s.mu.Lock()
	s.calls++
	s.mu.Unlock()
	s.arrivals.arrive(items)
	*reply = TransferResponse{Message: "ok", Total: len(items)}
	return nil
}

// Ping answers.
func (*hopService) Ping(_ NullRPCRequest, _ *SimpleRPCResponse) error { return nil }

func (s *server) listen() {
	l, err := net.Listen("tcp", s.address)
	require.NoError(s.t, err)
	s.mu.Lock()
	s.listener, s.address = l, l.Addr().String()
	s.mu.Unlock()
	s.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if !s.admit(l, c) {
				return
			}
			s.running.Go(func() { s.rpc.ServeCodec(jsonrpc.NewServerCodec(&pausedConn{c, s})) })
		}
	})
}

// admit notes a connection of the listener, and reports whether that is still open.
func (s *server) admit(l net.Listener, c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != l {
		_ = c.Close() // it came while the server began to refuse
		return false
	}
	s.open[c] = true
	return true
}

// refuse makes the server close all and refuse connections, until listen.
func (s *server) refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		_ = s.listener.Close()
		s.listener = nil
	}
	for c := range s.open {
		_ = c.Close()
	}
	clear(s.open)
}

// hang makes the server read nothing more, until resume.
func (s *server) hang() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resumed = make(chan struct{})
}

func (s *server) resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !isClosed(s.resumed) {
		close(s.resumed)
	}
}

func (s *server) callCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// pausedConn hands over what it reads only while its server does not hang.
type pausedConn struct {
	net.Conn
	server *server
}

func (c *pausedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.server.mu.Lock()
	resumed := c.server.resumed
	c.server.mu.Unlock()
	<-resumed
	return n, err
}

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
