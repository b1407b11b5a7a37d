package journal

import (
	"path/filepath"
	"strings"
	"sync"

	"transfer/g/segment"
)

// hookedDisk is the system's Disk that calls hook before each write and sync of a
// segment; its error is the call's.
type hookedDisk struct {
	segment.OSDisk

	mu   sync.Mutex
	hook func(do string) error // nil: nothing goes wrong
	done map[string]int        // calls by what they do
}

func (d *hookedDisk) set(hook func(do string) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hook = hook
}

// count returns how often it was called to do that.
func (d *hookedDisk) count(do string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.done[do]
}

func (d *hookedDisk) ask(do string) error {
	d.mu.Lock()
	if d.done == nil {
		d.done = map[string]int{}
	}
	d.done[do]++
	hook := d.hook
	d.mu.Unlock()
	if hook == nil {
		return nil
	}
	return hook(do)
}

func (d *hookedDisk) Create(path string) (segment.File, error) {
	return d.open(path, d.OSDisk.Create)
}
func (d *hookedDisk) Reuse(path string) (segment.File, error) { return d.open(path, d.OSDisk.Reuse) }
func (d *hookedDisk) Open(path string) (segment.File, error)  { return d.open(path, d.OSDisk.Open) }

func (d *hookedDisk) open(path string, open func(string) (segment.File, error)) (segment.File, error) {
	file, err := open(path)
	if err != nil || !strings.HasSuffix(filepath.Dir(path), "journal") {
		return file, err
	}
	return &hookedFile{file, d}, nil
}

type hookedFile struct {
	segment.File
	disk *hookedDisk
}

func (f *hookedFile) WriteAt(b []byte, offset int64) (int, error) {
	if err := f.disk.ask("write"); err != nil {
		n, _ := f.File.WriteAt(b[:len(b)/2], offset)
		return n, err
	}
	return f.File.WriteAt(b, offset)
}

func (f *hookedFile) ReadAt(b []byte, offset int64) (int, error) {
	if err := f.disk.ask("read"); err != nil {
		return 0, err
	}
	return f.File.ReadAt(b, offset)
}

func (f *hookedFile) Datasync() error {
	if err := f.disk.ask("sync"); err != nil {
		return err
	}
	return f.File.Datasync()
}
