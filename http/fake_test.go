package http

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	nethttp "net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g"
	"transfer/g/metric"
	"transfer/g/stat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeRelay shows what the test put into it.
type fakeRelay struct {
	mu        sync.Mutex
	notReady  error
	health    Health
	receivers []*stat.Receiver
	targets   []stat.Target
	rings     []stat.Ring
	traced    []metric.Traced
	badFilter error
	asked     []string // the arguments of the last call, after the name of one that changes nodes or configuration
	units     []stat.Unit
	loaded    stat.Loaded
	reloaded  stat.Reloaded
	badChange error // of Reload and the calls that change nodes

	fakeUpgrade
	fakeSite

	spools, letters fakeBacklog
	resent          uint64
	badResend       error
	ringDiff        fakeRingDiff
}

func (f *fakeRelay) About() About {
	return About{Name: "transfer", Version: "1.2.3", Commit: "abc123", Started: time.Now().Add(-time.Hour), MinStep: 30, MemoryLimit: 1 << 30}
}

func (f *fakeRelay) Ready() error { return f.notReady }

func (f *fakeRelay) Health() Health { return f.health }

func (f *fakeRelay) Config() any {
	return map[string]any{"minStep": 30, "graph": map[string]any{"clusterList": map[string]any{"graph-00": map[string]any{"addrs": []string{"h1:6070"}}}}}
}

func (f *fakeRelay) Receivers() []*stat.Receiver { return f.receivers }

func (f *fakeRelay) Targets() []stat.Target {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]stat.Target(nil), f.targets...)
}

func (f *fakeRelay) Rings() []stat.Ring { return f.rings }

func (f *fakeRelay) Trace(endpoint, name, tags string) []metric.Traced {
	f.asked = []string{endpoint, name, tags}
	return f.traced
}

func (f *fakeRelay) Filter(endpoint, name, op, threshold, tags string) ([]metric.Traced, error) {
	f.asked = []string{endpoint, name, op, threshold, tags}
	return f.traced, f.badFilter
}

func (f *fakeRelay) Spools() Backlog { return &f.spools }

func (f *fakeRelay) Letters() Backlog { return &f.letters }

func (f *fakeRelay) Resend(_ context.Context, target string, until uint64) (uint64, error) {
	f.asked = []string{target, strconv.FormatUint(until, 10)}
	return f.resent, f.badResend
}

func (f *fakeRelay) Units() []stat.Unit { return f.units }

func (f *fakeRelay) Loaded() stat.Loaded { return f.loaded }

func (f *fakeRelay) Reload(force bool) (stat.Reloaded, error) {
	f.asked = []string{"reload", strconv.FormatBool(force)}
	return f.reloaded, f.badChange
}

func (f *fakeRelay) AddNode(backend, name string, addresses []string, force bool) error {
	f.asked = append([]string{"add", backend, name, strconv.FormatBool(force)}, addresses...)
	return f.badChange
}

func (f *fakeRelay) RemoveNode(backend, name, mode string, force bool) error {
	f.asked = []string{"remove", backend, name, mode, strconv.FormatBool(force)}
	return f.badChange
}

func (f *fakeRelay) DrainNode(backend, name string) error {
	f.asked = []string{"drain", backend, name}
	return f.badChange
}

func (f *fakeRelay) ResumeNode(backend, name string) error {
	f.asked = []string{"resume", backend, name}
	return f.badChange
}

// fakeBacklog has what the test put into it.
type fakeBacklog struct {
	rows    []stat.Backlog
	points  []stat.BacklogPoint
	damaged uint64
	fails   error
	late    bool // it fails after the points
	asked   []stat.Backlog
}

func (b *fakeBacklog) Rows() ([]stat.Backlog, error) { return b.rows, b.fails }

func (b *fakeBacklog) Points(of stat.Backlog, show func(stat.BacklogPoint) bool) (uint64, error) {
	b.asked = append(b.asked, of)
	if b.fails != nil && !b.late {
		return 0, b.fails
	}
	for _, p := range b.points {
		if !show(p) {
			break
		}
	}
	return b.damaged, b.fails
}

func (b *fakeBacklog) Purge(of stat.Backlog) (uint64, error) {
	b.asked = append(b.asked, of)
	return uint64(len(b.points)), b.fails
}

// newFakeRelay returns a relay with three receivers, a ring and four targets that
// have counted something.
func newFakeRelay() *fakeRelay {
	f := &fakeRelay{health: Health{Durability: DurabilityOK, Journal: 4096}}
	for i, name := range []string{"rpc", "socket", "http"} {
		r := stat.NewReceiver(name, metric.Reasons()[1:])
		r.Accepted.Add(100 * (i + 1))
		r.Requests.Add(10 * (i + 1))
		r.Refused.Add(int(metric.BadStep)-1, i)
		r.Open.Store(int64(i))
		f.receivers = append(f.receivers, r)
	}
	f.receivers[0].Trouble(stat.Malformed)
	f.targets = []stat.Target{
		target("graph", "graph-00", "h1:6070", stat.Ledger{Accepted: 300, Delivered: 200, Queued: 90, Dropped: map[string]uint64{"age": 10}, Resent: 5, Failed: 7}),
		target("graph", "graph-01", "h2:6070", stat.Ledger{Accepted: 30, Delivered: 20, MovedOut: 10}),
		target("graph", "graph-02", "h1:6070", stat.Ledger{Accepted: 1, Delivered: 1}),
		target("p8s_relay", "p8s-00", "h3:9090", stat.Ledger{Accepted: 4, Queued: 1, Dropped: map[string]uint64{"queue_full": 3}}),
	}
	f.targets[0].Spooled, f.targets[0].SpoolPoints, f.targets[0].SpoolBytes = true, 80, 8192
	f.targets[0].DeadLetters, f.targets[0].Replayed = 3, 6
	f.targets[0].State, f.targets[0].Error = stat.StateDown, "dial tcp: <refused>"
	f.rings = []stat.Ring{{Backend: "graph", Hash: "crc32", Replicas: 500, Fingerprint: "00c0ffee", Shares: []stat.Share{
		{Node: "graph-00", Addresses: []string{"h1:6070"}, Share: 0.25}, {Node: "graph-01", Addresses: []string{"h2:6070"}, Share: 0.75},
	}}}
	f.units = []stat.Unit{
		{ID: "listener/rpc", Kind: stat.KindListener, Address: "127.0.0.1:8433", State: stat.UnitUp, Since: time.Unix(1_700_000_000, 0), Restarts: 2, Error: "panicked: oops"},
		{ID: "graph/graph-00/h1:6070", Kind: stat.KindTarget, Backend: "graph", Node: "graph-00", Address: "h1:6070", State: stat.UnitProbing, Error: "dial tcp: <refused>"},
		{ID: "graph/graph-01/h2:6070", Kind: stat.KindTarget, Backend: "graph", Node: "graph-01", Address: "h2:6070", State: stat.UnitUp, Differs: "added by the API"},
	}
	f.loaded = stat.Loaded{Hash: 77, At: time.Unix(1_700_000_000, 0), Reloads: map[string]uint64{stat.ReloadApplied: 4, stat.ReloadRefused: 1}}
	return f
}

func target(backend, node, address string, l stat.Ledger) stat.Target {
	return stat.Target{
		ID: backend + "/" + node + "/" + address, Backend: backend, Node: node, Address: address, State: stat.StateUp,
		Ledger: l, QueuedBytes: int64(l.Queued) * 100, Calls: 3, Dials: 2, Open: 2, Active: 1,
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// testSection has limits that no test meets.
func testSection() g.Listener {
	return g.Listener{Enabled: true, Limits: g.Limits{IdleTimeout: time.Minute, HeaderTimeout: 10 * time.Second, RequestTimeout: 30 * time.Second}}
}

// echo stands for the receiver's handler of /api/push.
func echo() nethttp.Handler {
	return nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) { _, _ = io.Copy(w, r.Body) })
}

// unstarted returns a server that is never started: for its handler alone.
func unstarted(t *testing.T, relay Relay, debug bool) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := New(listener, testSection(), debug, relay, echo(), quiet())
	t.Cleanup(func() { require.NoError(t, s.Stop(t.Context())) })
	return s
}

var errStarting = errors.New("starting: replaying the journal")
