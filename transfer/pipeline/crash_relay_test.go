package pipeline

import (
	"context"
	"encoding/json"
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

// read returns what another process reads of it: it shares no memory with this one.
func (k kept) read(t *testing.T) kept {
	if k.state == nil {
		return k
	}
	text, err := json.Marshal(k.state)
	require.NoError(t, err)
	k.state = &sender.State{}
	require.NoError(t, json.Unmarshal(text, k.state))
	return k
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
	past = past.read(t)
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

// lowest returns the lowest mark of the targets that send.
func (r *relay) lowest(st *sender.State) uint64 {
	lowest := ^uint64(0)
	for _, t := range st.Targets {
		for _, l := range t.Lanes {
			if !t.IsPast() {
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
		// Of an address that goes without another in its place the copies are given up.
		require.Equal(r.t, t.DroppedTotal(), t.Dropped["replica"], "%+v", t)
		n += t.Queued
	}
	return n
}
