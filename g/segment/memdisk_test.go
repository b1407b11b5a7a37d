package segment

import (
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// memDisk is a Disk in memory that knows what a power cut leaves: of each file some
// of the pages that were written since its last Datasync, and the names as they were
// at some moment since the last SyncDir.
type memDisk struct {
	mu    sync.Mutex
	names map[string]*memFile
	past  []map[string]*memFile // the names since the last SyncDir, oldest first
	free  int64
	power bool // it keeps what a power cut needs, which takes time
}

func newMemDisk() *memDisk {
	return &memDisk{names: map[string]*memFile{}, past: []map[string]*memFile{{}}, free: 1 << 40}
}

type memFile struct {
	disk  *memDisk
	bytes []byte
	safe  []byte // what a power cut cannot take
}

// handle is one opening of a file, so that use after Close shows.
type handle struct {
	*memFile
	closed bool
}

func (d *memDisk) changed() {
	if d.power {
		d.past = append(d.past, maps.Clone(d.names))
	}
}

func (d *memDisk) MakeDir(string) error { return nil }

func (d *memDisk) List(dir string) ([]fs.FileInfo, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var files []fs.FileInfo
	for _, path := range slices.Sorted(maps.Keys(d.names)) {
		if filepath.Dir(path) == filepath.Clean(dir) {
			files = append(files, memInfo{filepath.Base(path), int64(len(d.names[path].bytes))})
		}
	}
	return files, nil
}

func (d *memDisk) Open(path string) (File, error) { return d.Reuse(path) }

func (d *memDisk) Reuse(path string) (File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, ok := d.names[path]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return &handle{memFile: f}, nil
}

func (d *memDisk) Create(path string) (File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names[path] != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrExist}
	}
	f := &memFile{disk: d}
	d.names[path] = f
	d.changed()
	return &handle{memFile: f}, nil
}

func (d *memDisk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, ok := d.names[from]
	if !ok {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	delete(d.names, from)
	d.names[to] = f
	d.changed()
	return nil
}

func (d *memDisk) Remove(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names[path] == nil {
		return &fs.PathError{Op: "remove", Path: path, Err: fs.ErrNotExist}
	}
	delete(d.names, path)
	d.changed()
	return nil
}

func (d *memDisk) SyncDir(string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.past = []map[string]*memFile{maps.Clone(d.names)}
	return nil
}

func (d *memDisk) Free(string) (int64, error) { return d.free, nil }

// afterPowerCut returns a disk as this one might be found after a power cut.
func (d *memDisk) afterPowerCut(random *rand.Rand) *memDisk {
	d.mu.Lock()
	defer d.mu.Unlock()
	left := newMemDisk()
	left.power = true
	names := d.past[random.IntN(len(d.past))]
	for _, path := range slices.Sorted(maps.Keys(names)) {
		left.names[path] = &memFile{disk: left, bytes: names[path].afterPowerCut(random)}
	}
	left.settle()
	return left
}

// copied returns a disk as a process finds it after the one before was killed.
func (d *memDisk) copied() *memDisk {
	d.mu.Lock()
	defer d.mu.Unlock()
	left := newMemDisk()
	for path, f := range d.names {
		left.names[path] = &memFile{disk: left, bytes: slices.Clone(f.bytes)}
	}
	left.settle()
	return left
}

// settle makes all that is on the disk durable.
func (d *memDisk) settle() {
	for _, f := range d.names {
		f.settle()
	}
	d.past = []map[string]*memFile{maps.Clone(d.names)}
}

// afterPowerCut returns a mixture of the pages that were written and those that were
// durable. The size is one of the two.
func (f *memFile) afterPowerCut(random *rand.Rand) []byte {
	const page = 4 << 10
	size := len(f.bytes)
	if random.IntN(2) == 0 {
		size = len(f.safe)
	}
	left := make([]byte, size)
	all := random.IntN(3) // of the pages: the old ones, the new ones, some of each
	for from := 0; from < size; from += page {
		source := f.bytes
		if all == 0 || all == 2 && random.IntN(2) == 0 {
			source = f.safe
		}
		if from < len(source) {
			copy(left[from:min(from+page, size)], source[from:])
		}
	}
	return left
}

// settle makes the file's content durable.
func (f *memFile) settle() {
	if f.disk.power {
		f.safe = slices.Clone(f.bytes)
	}
}

func (h *handle) use() error {
	if h.closed {
		return fs.ErrClosed
	}
	return nil
}

func (h *handle) ReadAt(b []byte, offset int64) (int, error) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if err := h.use(); err != nil {
		return 0, err
	}
	if offset >= int64(len(h.bytes)) {
		return 0, io.EOF
	}
	n := copy(b, h.bytes[offset:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (h *handle) WriteAt(b []byte, offset int64) (int, error) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if err := h.use(); err != nil {
		return 0, err
	}
	if end := int(offset) + len(b); end > len(h.bytes) {
		h.bytes = slices.Grow(h.bytes, max(end-len(h.bytes), len(h.bytes)))[:end]
	}
	return copy(h.bytes[offset:], b), nil
}

func (h *handle) Truncate(size int64) error {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if err := h.use(); err != nil {
		return err
	}
	clear(h.bytes[size:]) // what is written behind it later leaves zeros between
	h.bytes = h.bytes[:size]
	return nil
}

func (h *handle) Datasync() error {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if err := h.use(); err != nil {
		return err
	}
	h.settle()
	return nil
}

func (h *handle) Close() error {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	err := h.use()
	h.closed = true
	return err
}

// segmentFiles returns the names of the segments on the disk, oldest first.
func (d *memDisk) segmentFiles() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var names []string
	for _, path := range slices.Sorted(maps.Keys(d.names)) {
		if strings.HasSuffix(path, segmentSuffix) {
			names = append(names, path)
		}
	}
	return names
}

type memInfo struct {
	name string
	size int64
}

func (i memInfo) Name() string       { return i.name }
func (i memInfo) Size() int64        { return i.size }
func (i memInfo) Mode() os.FileMode  { return 0o600 }
func (i memInfo) ModTime() time.Time { return time.Time{} }
func (i memInfo) IsDir() bool        { return false }
func (i memInfo) Sys() any           { return nil }
