package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/rpc"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g"
	"transfer/g/metric"
	"transfer/g/segment"
	"transfer/g/stat"
	"transfer/sender"
	"transfer/sender/ring"
	"transfer/sender/spool"
	"transfer/transfer/pipeline/journal"
)

// Judge is a stock net/rpc server's service that notes what arrives, and now and then
// does not answer in time or answers an error.
type Judge struct {
	mu     sync.Mutex
	random *rand.Rand
	ill    bool
	first  map[string][]int // values of each series, in the order of first arrival
	seen   map[string]bool
}

// Send takes one call.
func (j *Judge) Send(items []*sender.JudgeItem, _ *struct{ Code int }) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.ill && j.random.IntN(3) == 0 {
		return fmt.Errorf("retry: not now")
	}
	for _, i := range items {
		if id := fmt.Sprint(i.Metric, " ", i.Value); !j.seen[id] {
			j.seen[id] = true
			j.first[i.Metric] = append(j.first[i.Metric], int(i.Value))
		}
	}
	return nil
}

func (j *Judge) be(ill bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ill = ill
}

// serveJudge serves a Judge until the test ends.
func serveJudge(t *testing.T, j *Judge) (address string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := rpc.NewServer()
	require.NoError(t, server.RegisterName("Judge", j))
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { server.ServeConn(c) })
		}
	})
	t.Cleanup(func() {
		require.NoError(t, listener.Close())
		serving.Wait()
	})
	return listener.Addr().String()
}

// crashDisk is the system's disk until the process that uses it is dead.
type crashDisk struct {
	segment.OSDisk
	dead *atomic.Bool
}

func (d crashDisk) file(f segment.File, err error) (segment.File, error) {
	if d.dead.Load() {
		if err == nil {
			_ = f.Close()
		}
		return nil, syscall.EIO
	}
	return crashFile{f, d.dead}, err
}

func (d crashDisk) Create(path string) (segment.File, error) {
	if d.dead.Load() {
		return nil, syscall.EIO
	}
	return d.file(d.OSDisk.Create(path))
}
func (d crashDisk) Reuse(path string) (segment.File, error) { return d.file(d.OSDisk.Reuse(path)) }

func (d crashDisk) Rename(from, to string) error {
	if d.dead.Load() {
		return syscall.EIO
	}
	return d.OSDisk.Rename(from, to)
}

func (d crashDisk) Remove(path string) error {
	if d.dead.Load() {
		return syscall.EIO
	}
	return d.OSDisk.Remove(path)
}

type crashFile struct {
	segment.File
	dead *atomic.Bool
}

func (f crashFile) WriteAt(b []byte, offset int64) (int, error) {
	if f.dead.Load() {
		return 0, syscall.EIO
	}
	return f.File.WriteAt(b, offset)
}

func (f crashFile) Truncate(size int64) error {
	if f.dead.Load() {
		return nil
	}
	return f.File.Truncate(size)
}

// kept is what the keeper of a relay stores.
type kept struct {
	after segment.Position
	state *sender.State
}

// relay is one process: a pipeline, a journal and a real Sender.
type relay struct {
	t        *testing.T
	dead     atomic.Bool
	journal  *journal.Journal
	sender   *sender.Sender
	pipeline *Pipeline
	inlet    *Inlet

	mu     sync.Mutex
	stored kept
	keeper sync.WaitGroup
	end    chan struct{}
}

// boot starts a relay on what the one before has left.
func boot(t *testing.T, dir string, section *g.Backend, past kept) *relay {
	r := &relay{t: t, stored: past, end: make(chan struct{})}
	disk, log := crashDisk{dead: &r.dead}, slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	var err error
	r.journal, err = journal.Open(filepath.Join(dir, "journal"), journal.Options{Disk: disk, After: past.after, Cap: 64 << 20, Log: log})
	require.NoError(t, err)
	spools, err := spool.Open(filepath.Join(dir, "spool"), spool.Options{Disk: disk, Log: log})
	require.NoError(t, err)
	cfg := &g.Config{DataDir: dir, MemoryLimit: 1 << 30, MinStep: 30, Backends: []*g.Backend{section}}
	r.sender, err = sender.New(cfg, log, sender.Storage{Spools: spools, Past: past.state})
	require.NoError(t, err)
	var backends []Backend
	for _, c := range r.sender.Clusters() {
		backends = append(backends, c)
	}
	r.pipeline = New(backends, Cache{Series: 100, Bytes: 1 << 20}, Durability{Journal: r.journal, Refuse: true}, time.Now)
	r.inlet = r.pipeline.Inlet(stat.NewReceiver("test", metric.Reasons()))
	r.sender.Start()

	replay := r.sender.Replay(past.state)
	_, lost, err := r.pipeline.Replay(context.Background(), replay.From(), r.journal, replay)
	require.NoError(t, err)
	require.Zero(t, lost)
	ended, _ := r.journal.Bounds()
	require.NoError(t, r.journal.SetRouting(r.sender.Routing()))
	for replay.Moved() && r.lowest(r.sender.State(ended)) < ended {
		r.sender.Unburden(ended + 1)
		time.Sleep(time.Millisecond)
	}
	replay.Settle(ended)
	r.keeper.Go(r.keep)
	r.pipeline.Open()
	return r
}

// lowest returns the lowest mark of the targets that are configured.
func (r *relay) lowest(st *sender.State) uint64 {
	lowest := ^uint64(0)
	for _, t := range st.Targets {
		for _, l := range t.Lanes {
			if !t.Former {
				lowest = min(lowest, l.Mark)
			}
		}
	}
	return lowest
}

// keep stores the state every few milliseconds.
func (r *relay) keep() {
	for {
		select {
		case <-r.end:
			return
		case <-time.After(3 * time.Millisecond):
		}
		last, open := r.journal.Bounds()
		now := kept{r.journal.Position(), r.sender.State(min(last, open-1))}
		r.mu.Lock()
		if !r.dead.Load() {
			r.stored = now
		}
		r.mu.Unlock()
		r.sender.Stored(now.state)
		_ = r.journal.Release(r.lowest(now.state))
	}
}

// crash ends the relay as kill -9 does: from one moment on nothing reaches the disk.
func (r *relay) crash() kept {
	r.mu.Lock()
	r.dead.Store(true)
	left := r.stored
	r.mu.Unlock()
	close(r.end)
	r.keeper.Wait()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r.sender.Stop(ctx)
	_ = r.sender.Close()
	_ = r.journal.Close()
	return left
}

// queued returns how many points wait.
func (r *relay) queued() (n uint64) {
	for _, t := range r.sender.Targets() {
		require.True(r.t, t.Balanced(), "%+v", t)
		require.Empty(r.t, t.Dropped)
		n += t.Queued
	}
	return n
}

// crashSite is a cluster of judges.
func crashSite(nodes ...g.Node) *g.Backend {
	return &g.Backend{
		Name: "judge", Batch: 20, ConnTimeout: time.Second, CallTimeout: time.Second, MaxConns: 4, Lanes: 2,
		Hash: "crc32", Nodes: nodes, QueueBytes: 64 << 10, SpoolBytes: 1 << 30, MaxAge: time.Hour,
	}
}

// A relay that is killed again and again, while backends fail: every acknowledged point
// arrives at each address of its node, those of a series in order.
func TestCrashLosesNothingAcknowledged(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { crashes(t, seed, false) })
	}
}

// So it is when the ring changes between two processes, but for the place: each point
// arrives somewhere.
func TestCrashWhileTheRingChanges(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { crashes(t, seed, true) })
	}
}

func crashes(t *testing.T, seed uint64, changes bool) {
	const clients, lives, series = 3, 6, 20
	random := rand.New(rand.NewPCG(seed, 9))
	var judges []*Judge
	var addresses []string
	for range 4 {
		j := &Judge{random: rand.New(rand.NewPCG(random.Uint64(), 1)), ill: true, first: map[string][]int{}, seen: map[string]bool{}}
		judges = append(judges, j)
		addresses = append(addresses, serveJudge(t, j))
	}
	nodes := []g.Node{{Name: "judge-00", Addresses: addresses[:2]}, {Name: "judge-01", Addresses: addresses[2:3]}}
	others := [][]g.Node{
		{{Name: "judge-00", Addresses: addresses[:1]}, {Name: "judge-02", Addresses: addresses[3:]}},
		{{Name: "judge-00", Addresses: addresses[1:3]}},
		{{Name: "judge-00", Addresses: addresses[:1]}, {Name: "judge-01", Addresses: addresses[1:2]}, {Name: "judge-02", Addresses: addresses[3:]}},
	}
	dir := t.TempDir()
	var left kept
	acknowledged := make([]map[string][]int, clients)
	for i := range acknowledged {
		acknowledged[i] = map[string][]int{}
	}
	for life := range lives {
		site := crashSite(nodes...)
		if changes && life > 0 {
			site = crashSite(others[random.IntN(len(others))]...)
		}
		r := boot(t, dir, site, left)
		var pushing sync.WaitGroup
		for client := range clients {
			random := rand.New(rand.NewPCG(random.Uint64(), 3))
			pushing.Go(func() {
				for n := life * 100_000; ; {
					b := &metric.Batch{}
					for range 1 + random.IntN(60) {
						n++
						p := good()
						p.Metric, p.RawTags, p.Value = fmt.Sprintf("c%d.s%d", client, n%series), "", float64(n)
						b.Points = append(b.Points, p)
					}
					if _, err := r.inlet.Accept(b); err != nil {
						return // it is dead
					}
					for _, p := range b.Points {
						acknowledged[client][p.Metric] = append(acknowledged[client][p.Metric], int(p.Value))
					}
					time.Sleep(time.Duration(random.IntN(3000)) * time.Microsecond)
				}
			})
		}
		time.Sleep(time.Duration(20+random.IntN(60)) * time.Millisecond)
		if random.IntN(2) == 0 {
			last, _ := r.journal.Bounds()
			r.sender.Unburden(last)
			time.Sleep(time.Duration(random.IntN(10)) * time.Millisecond)
		}
		left = r.crash()
		pushing.Wait()
	}
	for _, j := range judges {
		j.be(false)
	}
	if changes { // each target that there ever was: what it did not get lies in its spool
		nodes = []g.Node{
			{Name: "judge-00", Addresses: addresses[:3]}, {Name: "judge-01", Addresses: addresses[1:3]}, {Name: "judge-02", Addresses: addresses[3:]},
		}
	}
	r := boot(t, dir, crashSite(nodes...), left)
	require.Eventually(t, func() bool { return r.queued() == 0 }, 30*time.Second, 5*time.Millisecond)
	r.crash()

	owners, err := ring.New([]string{"judge-00", "judge-01"}, 500, ring.CRC32)
	require.NoError(t, err)
	total := 0
	for _, of := range acknowledged {
		for name, values := range of {
			total += len(values)
			if changes {
				requireArrived(t, judges, name, values)
				continue
			}
			at := judges[:2]
			if owners.Node(ring.CRC32.Sum(good().Endpoint+"/"+name)) == 1 {
				at = judges[2:3]
			}
			for _, j := range at {
				require.IsIncreasing(t, append([]int{-1}, j.first[name]...), name)
				require.Subset(t, j.first[name], values, name)
			}
		}
	}
	require.NotZero(t, total)
	t.Logf("%d points", total)
}

// requireArrived requires each value to have arrived at some judge.
func requireArrived(t *testing.T, judges []*Judge, name string, values []int) {
	t.Helper()
	for _, v := range values {
		found := false
		for _, j := range judges {
			found = found || j.seen[fmt.Sprint(name, " ", v)]
		}
		require.True(t, found, "%s %d", name, v)
	}
}
