package spool

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
	"transfer/sender/queue"
	"transfer/sender/spool/folder"
)

const testTarget = "graph/graph-00/10.0.0.1:6070"

// testClock is a clock whose two readings are set apart: real time goes on by itself.
type testClock struct {
	mu   sync.Mutex
	time time.Time
}

func (c *testClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.time
}

func (c *testClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.time = c.time.Add(d)
}

func openStore(t testing.TB, dir string, o Options) *Store {
	s, err := Open(dir, o)
	require.NoError(t, err)
	return s
}

func laneOptions() LaneOptions {
	return LaneOptions{Target: testTarget, Lanes: 1, Hash: "crc32", Encoding: "graph/1"}
}

func openLane(t testing.TB, s *Store, l LaneOptions) *Spool {
	p, err := s.Lane(l)
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// laneDir returns the folder of the first lane of testTarget.
func laneDir(store string) string { return filepath.Join(store, folder.Path(testTarget), "0") }

// block returns a Block of items of the given sizes, whose journal numbers begin with
// first.
func block(first uint64, accepted time.Time, sizes ...int) *queue.Block {
	random := rand.New(rand.NewPCG(first, uint64(len(sizes))))
	b := &queue.Block{First: first, Last: first + uint64(len(sizes)), Accepted: accepted}
	for _, size := range sizes {
		item := make([]byte, size)
		for i := range item {
			item[i] = byte(random.Uint32())
		}
		b.Payload = append(b.Payload, item...)
		b.Close(random.Uint32())
	}
	return b
}

// same checks that the Blocks have the same content.
func same(t testing.TB, want, got *queue.Block) {
	require.Equal(t, want.Payload, got.Payload)
	require.Equal(t, want.Items, got.Items)
	require.Equal(t, [2]uint64{want.First, want.Last}, [2]uint64{got.First, got.Last})
}

// read is all that a reader gives, and the positions.
func read(t testing.TB, r *Reader) (blocks []*queue.Block, positions []segment.Position) {
	for {
		b := new(queue.Block)
		p, err := r.Next(b)
		if errors.Is(err, io.EOF) {
			return blocks, positions
		}
		require.NoError(t, err)
		blocks, positions = append(blocks, b), append(positions, p)
	}
}

// readAll reads the spool from the position on with a reader of its own.
func readAll(t testing.TB, p *Spool, from segment.Position) (blocks []*queue.Block, damage uint64) {
	r := p.Reader(from)
	defer r.Close()
	blocks, _ = read(t, r)
	return blocks, r.Damage()
}

// faultyDisk is the system's disk until it is told to fail.
type faultyDisk struct {
	segment.OSDisk
	mu  sync.Mutex
	err error
}

func (d *faultyDisk) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

func (d *faultyDisk) fault(do, path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == nil {
		return nil
	}
	return &os.PathError{Op: do, Path: path, Err: d.err}
}

func (d *faultyDisk) MakeDir(dir string) error {
	if err := d.fault("mkdir", dir); err != nil {
		return err
	}
	return d.OSDisk.MakeDir(dir)
}

func (d *faultyDisk) Create(path string) (segment.File, error) {
	if err := d.fault("create", path); err != nil {
		return nil, err
	}
	f, err := d.OSDisk.Create(path)
	if err != nil {
		return nil, err
	}
	return &faultyFile{f, d, path}, nil
}

type faultyFile struct {
	segment.File
	disk *faultyDisk
	path string
}

func (f *faultyFile) WriteAt(b []byte, offset int64) (int, error) {
	if err := f.disk.fault("write", f.path); err != nil {
		half, _ := f.File.WriteAt(b[:len(b)/2], offset)
		return half, err
	}
	return f.File.WriteAt(b, offset)
}

func (f *faultyFile) Datasync() error {
	if err := f.disk.fault("datasync", f.path); err != nil {
		return err
	}
	return f.File.Datasync()
}

// flip changes a byte of the file.
func flip(t testing.TB, path string, offset int64) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	var b [1]byte
	_, err = f.ReadAt(b[:], offset)
	require.NoError(t, err)
	b[0] ^= 0x10
	_, err = f.WriteAt(b[:], offset)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// segments returns the paths of the first lane's segments, oldest first.
func segments(t testing.TB, dir string) []string {
	names, err := filepath.Glob(filepath.Join(laneDir(dir), "*.seg"))
	require.NoError(t, err)
	require.NotEmpty(t, names, fmt.Sprint("in ", dir))
	return names
}
