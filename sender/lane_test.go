package sender

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g"
	"transfer/g/metric"
	"transfer/sender/queue"
)

// peer is a scripted backend: it takes Blocks of numbers and misbehaves as told.
type peer struct {
	mu      sync.Mutex
	taken   []int               // in order of arrival
	from    []string            // by which address each call came
	dials   int                 // that went well
	idle    error               // what Check says, once
	dialErr map[string]error    // by address
	answers []func(*call) error // one each for the calls to come; then all are taken
	always  func(*call) error   // answers all calls for which there is no answer; nil: takes all
	window  int                 // of the plan
	stuck   chan struct{}       // closed when a call hangs
}

// call is one Block on its way.
type call struct {
	conn *peerConn
	b    *queue.Block
}

func (p *peer) Wants(*metric.Point) bool                         { return true }
func (p *peer) AppendSeries(dst []byte, _ *metric.Point) []byte  { return dst }
func (p *peer) AppendItem(dst, _ []byte, _ *metric.Point) []byte { return dst }
func (p *peer) Dial(_ context.Context, a string) (Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.dialErr[a]; err != nil {
		return nil, err
	}
	p.dials++
	return &peerConn{peer: p, address: a, closed: make(chan struct{})}, nil
}

// points returns what has arrived so far.
func (p *peer) points() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]int(nil), p.taken...)
}

type peerConn struct {
	peer    *peer
	address string
	sent    []*queue.Block
	once    sync.Once
	closed  chan struct{}
}

func (c *peerConn) Send(b *queue.Block) error {
	c.sent = append(c.sent, b)
	return nil
}

func (c *peerConn) Confirm() (Receipt, error) {
	p := c.peer
	p.mu.Lock()
	answer := p.always
	if len(p.answers) > 0 {
		answer, p.answers = p.answers[0], p.answers[1:]
	}
	p.mu.Unlock()
	b := c.sent[0]
	if answer != nil {
		if err := answer(&call{c, b}); err != nil {
			c.sent = nil
			return Receipt{}, err
		}
	}
	c.sent = c.sent[1:]
	p.mu.Lock()
	defer p.mu.Unlock()
	p.from = append(p.from, c.address)
	for i := range b.Len() {
		n, _ := strconv.Atoi(string(b.Item(i)))
		p.taken = append(p.taken, n)
	}
	return Receipt{Blocks: 1}, nil
}

func (c *peerConn) Check() error {
	c.peer.mu.Lock()
	defer c.peer.mu.Unlock()
	err := c.peer.idle
	c.peer.idle = nil
	return err
}

func (c *peerConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

func fails(err error) func(*call) error { return func(*call) error { return err } }

// hangs waits until its connection is closed.
func (p *peer) hangs(c *call) error {
	close(p.stuck)
	<-c.conn.closed
	return errors.New("closed")
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// start runs a Sender with one target of the peer behind the given addresses.
func start(t *testing.T, p *peer, addresses ...string) *Sender {
	t.Helper()
	p.stuck = make(chan struct{})
	s := newSender(1<<30, quiet())
	section := &g.Backend{Name: "peer", Batch: 10, MaxConns: 8, Lanes: 1, QueueBytes: 1 << 20, MaxAge: time.Hour}
	of := plan{Backend: p, Rules: Rules{Window: p.window}, group: addresses}
	c, err := newCluster(kind{name: "peer", build: func(*g.Backend, int) (plan, error) { return of, nil }}, section, 30, s.shared)
	require.NoError(t, err)
	s.use(c)
	s.Start()
	return s
}

func stop(t *testing.T, s *Sender, within time.Duration) uint64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	left := s.Stop(ctx)
	require.True(t, s.Targets()[0].Balanced())
	goleak.VerifyNone(t)
	return left
}

// put sends the numbers from..to-1, in Blocks of one.
func put(s *Sender, from, to int) {
	for i := from; i < to; i++ {
		b := &queue.Block{First: uint64(i + 1), Last: uint64(i + 1), Accepted: time.Now()}
		b.Payload = strconv.AppendInt(nil, int64(i), 10)
		b.Close(uint32(i))
		place(s.clusters[0], b)
	}
}

func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	require.Eventually(t, ok, 30*time.Second, time.Millisecond, what)
}

func TestPointsArriveInOrder(t *testing.T) {
	p := &peer{}
	s := start(t, p, "a:1")
	put(s, 0, 1000)
	require.Zero(t, stop(t, s, 5*time.Second), "Stop drains")
	require.Equal(t, upTo(1000), p.points())
	require.Equal(t, uint64(1000), s.Targets()[0].Delivered)
}

func TestFailedCallsAreRepeatedInOrder(t *testing.T) {
	p := &peer{answers: []func(*call) error{
		fails(errors.New("reset")), fails(&Refusal{Err: errors.New("retry: busy")}), nil,
		fails(&Refusal{Permanent: true, Err: errors.New("bad item")}), fails(errors.New("reset")),
	}}
	s := start(t, p, "a:1")
	put(s, 0, 50)
	eventually(t, "all arrive", func() bool { return len(p.points()) == 50 })
	put(s, 50, 60)
	eventually(t, "the rest too", func() bool { return len(p.points()) == 60 })
	require.Zero(t, stop(t, s, 5*time.Second))
	require.Equal(t, upTo(60), p.points())
	st := s.Targets()[0]
	require.Positive(t, st.Resent)
	require.Positive(t, st.Failed)
	require.Equal(t, uint64(3), st.Dials, "a refusal keeps the connection, a reset does not")
	require.Equal(t, "up", st.State)
}

func TestDeadIdleConnectionIsNoticedBeforeUse(t *testing.T) {
	p := &peer{}
	s := start(t, p, "a:1")
	put(s, 0, 1)
	eventually(t, "first", func() bool { return len(p.points()) == 1 })
	p.mu.Lock()
	p.idle = errors.New("closed by peer")
	p.mu.Unlock()
	put(s, 1, 2)
	eventually(t, "second", func() bool { return len(p.points()) == 2 })
	require.Zero(t, stop(t, s, 5*time.Second))
	st := s.Targets()[0]
	require.Equal(t, uint64(2), st.Dials)
	require.Zero(t, st.Failed)
	require.Zero(t, st.Resent)
}

func TestGroupKeepsItsHopUntilItFails(t *testing.T) {
	p := &peer{dialErr: map[string]error{"b:1": errors.New("refused")}}
	s := start(t, p, "a:1", "b:1", "c:1")
	put(s, 0, 1)
	eventually(t, "first", func() bool { return len(p.points()) == 1 })
	p.mu.Lock()
	p.answers = []func(*call) error{fails(errors.New("reset"))}
	p.mu.Unlock()
	put(s, 1, 2)
	eventually(t, "second", func() bool { return len(p.points()) == 2 })
	put(s, 2, 3)
	require.Zero(t, stop(t, s, 5*time.Second))
	require.Equal(t, upTo(3), p.points())
	require.Equal(t, []string{"a:1", "c:1", "c:1"}, p.from)
}

func TestFailingTargetIsNotDrained(t *testing.T) {
	p := &peer{dialErr: map[string]error{"a:1": errors.New("refused")}}
	s := start(t, p, "a:1")
	put(s, 0, 5)
	eventually(t, "it fails", func() bool { return s.Targets()[0].State == "down" })
	began := time.Now()
	require.Equal(t, uint64(5), stop(t, s, time.Minute))
	require.Less(t, time.Since(began), 30*time.Second)
	require.True(t, strings.Contains(s.Targets()[0].Error, "refused"))
}

func TestHungCallEndsWithTheStop(t *testing.T) {
	p := &peer{}
	p.answers = []func(*call) error{p.hangs}
	s := start(t, p, "a:1")
	put(s, 0, 5)
	<-p.stuck
	require.Positive(t, stop(t, s, 10*time.Millisecond))
}

func TestWindowSendsOnUnconfirmed(t *testing.T) {
	p := &peer{window: 1 << 20}
	s := start(t, p, "a:1")
	put(s, 0, 500)
	eventually(t, "all arrive", func() bool { return len(p.points()) == 500 })
	require.Zero(t, stop(t, s, 5*time.Second))
	require.Equal(t, upTo(500), p.points())
}

func TestOneDialAtATime(t *testing.T) {
	gates := newGates()
	leave, err := gates.pass(context.Background(), "a:1")
	require.NoError(t, err)
	other, err := gates.pass(context.Background(), "b:1")
	require.NoError(t, err, "another address has its own gate")
	other()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = gates.pass(ctx, "a:1")
	require.ErrorIs(t, err, context.Canceled)
	leave()
	again, err := gates.pass(context.Background(), "a:1")
	require.NoError(t, err)
	again()
}

// place puts the items of b where they belong.
func place(c *Cluster, b *queue.Block) {
	var slots []int32
	for _, item := range b.Items {
		slots = append(slots, c.Slot(item.Hash))
	}
	c.Put(b, slots)
}
