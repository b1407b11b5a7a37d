package sender

import (
	"io/fs"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g"
	"transfer/g/segment"
	"transfer/sender/dead"
	"transfer/sender/queue"
	"transfer/sender/spool"
)

// spoolBed is where a Sender with one target and spools runs in a test.
type spoolBed struct {
	dir     string
	disk    *faultyDisk
	section *g.Backend
	peer    Backend
	rules   Rules
	lacks   atomic.Int64 // bytes of the disk's reserve

	spools *spool.Store
	dead   *dead.Store // nil: none
	sender *Sender

	redis      *sharedRedis          // nil: there is no overflow
	client     redis.UniversalClient // of the Sender's overflow
	goroutines []goleak.Option       // those that don't count as leaks
}

func newSpoolBed(t *testing.T, p Backend) *spoolBed {
	return &spoolBed{
		dir: t.TempDir(), disk: new(faultyDisk), peer: p, rules: Rules{Encoding: "peer/1"},
		section: &g.Backend{
			Name: "peer", Hash: "crc32", Batch: 10, MaxConns: 8, Lanes: 1,
			QueueBytes: 64 << 10, SpoolBytes: 1 << 30, MaxAge: time.Hour,
		},
	}
}

// start runs a Sender with what past says of another one.
func (b *spoolBed) start(t *testing.T, past *State) *Sender {
	t.Helper()
	var err error
	b.spools, err = spool.Open(b.dir, spool.Options{Disk: b.disk})
	require.NoError(t, err)
	s := newSender(1<<30, quiet())
	storage := Storage{Spools: b.spools, Dead: b.dead, Past: past}
	if b.redis != nil {
		storage.Overflow, b.client = b.redis.open("relay-a")
	}
	s.shared.use(storage)
	s.shared.lacks = b.lacks.Load
	s.shared.recovery = 1e9 // a real backlog would take the tests too long
	p := plan{Backend: b.peer, Rules: b.rules, group: []string{"a:1"}}
	c, err := newCluster(kind{name: "peer", build: func(*g.Backend, int) (plan, error) { return p, nil }}, b.section, 30, s.shared)
	require.NoError(t, err)
	s.use(c)
	s.Start()
	b.sender = s
	t.Cleanup(func() { b.abandon(t, s) })
	return s
}

// abandon ends a Sender that a failed test left running, so that its goroutines do not
// fail the tests that follow.
func (b *spoolBed) abandon(t *testing.T, s *Sender) {
	if !t.Failed() || isClosed(s.drain) {
		return
	}
	ctx, cancel := contextWithin(0)
	defer cancel()
	s.Stop(ctx)
	if err := s.Close(); err != nil {
		t.Log("cannot end the relay of a failed test:", err)
	}
}

// stop ends the Sender without draining it, and returns its last state.
func (b *spoolBed) stop(t *testing.T, upTo uint64) *State {
	t.Helper()
	ctx, cancel := contextWithin(0)
	defer cancel()
	b.sender.Stop(ctx)
	state := b.sender.State(upTo)
	require.NoError(t, b.sender.Close())
	if b.client != nil {
		require.NoError(t, b.client.Close())
	}
	require.True(t, b.target().Balanced())
	goleak.VerifyNone(t, b.goroutines...)
	return state
}

func (b *spoolBed) target() *targetRow { return (*targetRow)(&b.sender.Targets()[0]) }

// keep does once what the keeper of the state does every 100 ms.
func (b *spoolBed) keep(upTo uint64) *State {
	state := b.sender.State(upTo)
	b.sender.Stored(state)
	return state
}

// putBatches puts the numbers from..to-1 in requests of 20.
func putBatches(s *Sender, from, to int) {
	for some := range slices.Chunk(upTo(to)[from:], 20) {
		b := &queue.Block{First: uint64(some[0] + 1), Last: uint64(some[len(some)-1] + 1), Accepted: time.Now()}
		for _, n := range some {
			b.Payload = appendInteger(b.Payload, int64(n))
			b.Close(uint32(n))
		}
		place(s.clusters[0], b)
	}
}

// faultyDisk is the system's disk, but that it can be full and fail.
type faultyDisk struct {
	segment.OSDisk
	full       atomic.Bool
	unreadable atomic.Bool
	unsynced   atomic.Bool
	closed     atomic.Bool // directories cannot be listed
}

func (d *faultyDisk) List(dir string) ([]fs.FileInfo, error) {
	if d.closed.Load() && filepath.Base(dir) == "0" {
		return nil, syscall.EIO
	}
	return d.OSDisk.List(dir)
}

func (d *faultyDisk) Open(path string) (segment.File, error) {
	f, err := d.OSDisk.Open(path)
	return &faultyFile{f, d}, err
}

func (d *faultyDisk) Create(path string) (segment.File, error) {
	if d.full.Load() {
		return nil, syscall.ENOSPC
	}
	f, err := d.OSDisk.Create(path)
	return &faultyFile{f, d}, err
}

func (d *faultyDisk) Reuse(path string) (segment.File, error) {
	f, err := d.OSDisk.Reuse(path)
	return &faultyFile{f, d}, err
}

type faultyFile struct {
	segment.File
	disk *faultyDisk
}

func (f *faultyFile) WriteAt(p []byte, at int64) (int, error) {
	if f.disk.full.Load() {
		return 0, syscall.ENOSPC
	}
	return f.File.WriteAt(p, at)
}

func (f *faultyFile) ReadAt(p []byte, at int64) (int, error) {
	if f.disk.unreadable.Load() {
		return 0, syscall.EIO
	}
	return f.File.ReadAt(p, at)
}

func (f *faultyFile) Datasync() error {
	if f.disk.unsynced.Load() {
		return syscall.EIO
	}
	return f.File.Datasync()
}
