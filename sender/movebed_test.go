package sender

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g"
	"transfer/g/metric"
	"transfer/sender/overflow"
	"transfer/sender/queue"
	"transfer/sender/spool"
)

// moveSite is what all addresses of a ring got in a test, whoever has sent it: items are
// the series and its number.
type moveSite struct {
	mu    sync.Mutex
	down  map[string]bool
	first map[string]map[int][]int // by address, by series: numbers in the order in which each came first
	seen  map[string]bool          // of first: address, series, number
	known map[string]bool          // series and number, wherever they came
	again map[string]bool          // of seen: they had come elsewhere before
	twice int                      // points that came to an address that had them
}

func newMoveSite() *moveSite {
	return &moveSite{down: map[string]bool{}, first: map[string]map[int][]int{}, seen: map[string]bool{}, known: map[string]bool{}, again: map[string]bool{}}
}

func (s *moveSite) Wants(*metric.Point) bool                         { return true }
func (s *moveSite) AppendSeries(dst []byte, _ *metric.Point) []byte  { return dst }
func (s *moveSite) AppendItem(dst, _ []byte, _ *metric.Point) []byte { return dst }

func (s *moveSite) Dial(_ context.Context, address string) (Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down[address] {
		return nil, errors.New("away")
	}
	return &siteConn{site: s, address: address}, nil
}

// set makes the addresses refuse or take what comes.
func (s *moveSite) set(down bool, addresses ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range addresses {
		s.down[a] = down
	}
}

// arrived returns the numbers of a series that came to the address.
func (s *moveSite) arrived(address string, series int) []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.first[address][series])
}

type siteConn struct {
	site    *moveSite
	address string
	sent    *queue.Block
}

func (c *siteConn) Check() error { return nil }
func (c *siteConn) Close() error { return nil }

func (c *siteConn) Send(b *queue.Block) error {
	c.sent = b
	return nil
}

func (c *siteConn) Confirm() (Receipt, error) {
	time.Sleep(time.Millisecond)
	s := c.site
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down[c.address] {
		return Receipt{}, errors.New("away")
	}
	if s.first[c.address] == nil {
		s.first[c.address] = map[int][]int{}
	}
	for i := range c.sent.Len() {
		var series, number int
		if _, err := fmt.Sscan(string(c.sent.Item(i)), &series, &number); err != nil {
			return Receipt{}, err
		}
		if at := fmt.Sprint(c.address, series, " ", number); !s.seen[at] {
			s.seen[at] = true
			point := fmt.Sprint(series, " ", number)
			s.again[at], s.known[point] = s.known[point], true
			s.first[c.address][series] = append(s.first[c.address][series], number)
		} else {
			s.twice++
		}
	}
	return Receipt{Blocks: 1}, nil
}

// moveBed is where one relay after another runs on a data directory in a test, with a
// ring that changes.
type moveBed struct {
	dir     string
	disk    *faultyDisk
	site    *moveSite
	nodes   map[string][]string
	section g.Backend
	rules   Rules

	journal []routed
	last    uint64
	stored  *State
	next    map[int]int // number of each series

	group    []string        // addresses; nil: there is a ring
	overflow *overflow.Store // nil: none

	sender *Sender
	killed bool   // a relay was
	full   bool   // the disk is, at times
	heired uint64 // points that were moved in from other relays
	mixed  bool   // a node that goes may leave older points to one that has newer ones: no order is expected
}

// routed is a record of the journal with the routing of its time.
type routed struct {
	block   *queue.Block
	routing []byte
}

func newMoveBed(t *testing.T, nodes map[string][]string) *moveBed {
	return &moveBed{
		dir: t.TempDir(), disk: new(faultyDisk), site: newMoveSite(), nodes: nodes, next: map[int]int{}, rules: Rules{Encoding: "site/1"},
		section: g.Backend{
			Name: "graph", Hash: "crc32", Replicas: 20, Batch: 50, MaxConns: 8, Lanes: 1, OnRemove: "reroute",
			QueueBytes: 4 << 20, SpoolBytes: 1 << 30, MaxAge: 1000 * time.Hour,
		},
	}
}

// config returns the configuration with the nodes of now.
func (b *moveBed) config() *g.Config {
	section := b.section
	section.Nodes = nil
	for _, name := range slices.Sorted(maps.Keys(b.nodes)) {
		section.Nodes = append(section.Nodes, g.Node{Name: name, Addresses: b.nodes[name]})
	}
	return &g.Config{Backends: []*g.Backend{&section}, MinStep: 30, MemoryLimit: 1 << 30}
}

// start runs a relay with what was stored of the one before, and replays the journal.
func (b *moveBed) start(t *testing.T) {
	t.Helper()
	spools, err := spool.Open(b.dir, spool.Options{Disk: b.disk})
	require.NoError(t, err)
	s := newSender(1<<30, quiet())
	s.shared.recovery = 1e9
	s.kinds = b.kinds()
	require.NoError(t, s.build(b.config(), Storage{Spools: spools, Past: b.stored, Overflow: b.overflow}))
	s.Start()
	b.sender = s
	b.replay()
}

// kinds are the backends that the relay knows.
func (b *moveBed) kinds() []kind {
	return []kind{{"graph", func(*g.Backend, int) (plan, error) { return plan{Backend: b.site, Rules: b.rules, group: b.group}, nil }}}
}

// apply changes the relay that runs to the nodes of now.
func (b *moveBed) apply(t *testing.T) {
	t.Helper()
	change, err := b.sender.Plan(b.config())
	require.NoError(t, err)
	change.Apply()
}

// replay does what the service does with its journal at the start.
func (b *moveBed) replay() {
	r := b.sender.Replay(b.stored)
	c := b.sender.Clusters()[0]
	for _, of := range b.journal {
		r.Route(of.routing)
		var slots []int32
		for _, item := range of.block.Items {
			slots = append(slots, c.Slot(item.Hash))
		}
		r.Put(0, of.block, slots)
		for !r.HasRoom() {
			time.Sleep(10 * time.Millisecond)
		}
	}
	for r.Moved() && b.lowestMark(b.sender.State(b.last)) < b.last {
		b.sender.Unburden(b.last + 1)
		time.Sleep(100 * time.Millisecond)
	}
	r.Settle(b.last)
}

func (b *moveBed) lowestMark(of *State) uint64 {
	mark := b.last
	for _, t := range of.Targets {
		for _, l := range t.Lanes {
			if !t.IsPast() {
				mark = min(mark, l.Mark)
			}
		}
	}
	return mark
}

// keep stores the state, as the keeper does.
func (b *moveBed) keep(t *testing.T) {
	t.Helper()
	state := b.sender.State(b.last)
	require.NoError(t, b.sender.SyncSpools())
	b.stored = state
	b.sender.Stored(state)
	for _, row := range b.sender.Targets() {
		require.True(t, row.Balanced(), row)
	}
	lowest := b.lowestMark(b.stored)
	b.journal = slices.DeleteFunc(b.journal, func(r routed) bool { return r.block.Last <= lowest })
}

// settle stores the state until former targets of which nothing is left are let go of.
func (b *moveBed) settle(t *testing.T) {
	t.Helper()
	for range 3 {
		b.keep(t)
		time.Sleep(time.Second)
	}
}

// put puts the next point of each of the series.
func (b *moveBed) put(series ...int) {
	block := &queue.Block{Accepted: time.Now(), First: b.last + 1}
	for _, n := range series {
		b.next[n]++
		block.Payload = fmt.Appendf(block.Payload, "%d %d", n, b.next[n])
		block.Close(uint32(n) * 0x9E3779B1)
		b.last++
	}
	block.Last = b.last
	b.journal = append(b.journal, routed{block, b.sender.Routing()})
	place(b.sender.Clusters()[0], block)
}

// stop ends the relay: in order, or as kill -9 does, of which the next one knows only
// what was stored.
func (b *moveBed) stop(t *testing.T, killed bool) {
	t.Helper()
	within := 5 * time.Second
	if killed {
		within = 0
	}
	ctx, cancel := contextWithin(within)
	defer cancel()
	b.killed = b.killed || killed
	b.sender.Stop(ctx)
	if !killed {
		b.keep(t)
	}
	require.NoError(t, b.sender.Close())
}

// addresses returns those of all nodes.
func (b *moveBed) addresses() (all []string) {
	for _, name := range slices.Sorted(maps.Keys(b.nodes)) {
		all = append(all, b.nodes[name]...)
	}
	return all
}

// drained reports whether nothing waits anywhere, not for former targets either.
func (b *moveBed) drained() bool {
	for _, t := range b.sender.State(b.last).Targets {
		if t.Ledger.Queued > 0 {
			return false
		}
	}
	return true
}

// verify holds against each other what was put and what arrived, and what was moved out
// and in.
func (b *moveBed) verify(t *testing.T) {
	t.Helper()
	for series, last := range b.next {
		got := map[int]bool{}
		for address := range b.site.first {
			newest := 0
			for _, n := range b.site.arrived(address, series) {
				// What is sent twice, after a kill or from a second address of the same
				// node, may come to an address that has newer ones.
				twice := b.mixed || b.site.again[fmt.Sprint(address, series, " ", n)]
				require.True(t, n > newest || twice, "series %d at %s: %v", series, address, b.site.arrived(address, series))
				newest = max(newest, n)
				got[n] = true
			}
		}
		for n := 1; n <= last; n++ {
			require.True(t, got[n], "number %d of the series %d is lost", n, series)
		}
	}
	var in, out uint64
	for _, target := range b.sender.State(b.last).Targets {
		l := target.Ledger
		require.Equal(t, l.Accepted+l.MovedIn, l.Delivered+l.Queued+l.DroppedTotal()+l.MovedOut, target.ID)
		require.Equal(t, l.DroppedTotal(), l.Dropped["replica"], target.ID)
		in, out = in+l.MovedIn, out+l.MovedOut
	}
	if !b.killed && !b.full && !b.mixed {
		require.Equal(t, in, out+b.heired)
	}
	t.Logf("moved %d of %d points", in, b.last)
}
