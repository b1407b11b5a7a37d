package segment

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
)

// faultyDisk asks before each call of the Disk below what is to go wrong.
type faultyDisk struct {
	Disk

	mu    sync.Mutex
	calls []string // "write 0000000001-00000000.seg", ...
	// fault is called with the number of the call, from 0 on, and what it does. It
	// returns the error of the call, nil for none, and for a write how many bytes
	// are written all the same.
	fault func(n int, call string) (written int, err error)
}

func newFaultyDisk(below Disk) *faultyDisk {
	return &faultyDisk{Disk: below, fault: func(int, string) (int, error) { return 0, nil }}
}

func (d *faultyDisk) ask(do, path string) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	call := fmt.Sprint(do, " ", filepath.Base(path))
	d.calls = append(d.calls, call)
	return d.fault(len(d.calls)-1, call)
}

func (d *faultyDisk) List(dir string) ([]fs.FileInfo, error) {
	if _, err := d.ask("list", dir); err != nil {
		return nil, err
	}
	return d.Disk.List(dir)
}

func (d *faultyDisk) Open(path string) (File, error)   { return d.open("open", path, d.Disk.Open) }
func (d *faultyDisk) Create(path string) (File, error) { return d.open("create", path, d.Disk.Create) }
func (d *faultyDisk) Reuse(path string) (File, error)  { return d.open("reuse", path, d.Disk.Reuse) }

func (d *faultyDisk) open(do, path string, open func(string) (File, error)) (File, error) {
	if _, err := d.ask(do, path); err != nil {
		return nil, err
	}
	file, err := open(path)
	if err != nil {
		return nil, err
	}
	return &faultyFile{file, d, path}, nil
}

func (d *faultyDisk) Rename(from, to string) error {
	if _, err := d.ask("rename", to); err != nil {
		return err
	}
	return d.Disk.Rename(from, to)
}

func (d *faultyDisk) Remove(path string) error {
	if _, err := d.ask("remove", path); err != nil {
		return err
	}
	return d.Disk.Remove(path)
}

func (d *faultyDisk) SyncDir(dir string) error {
	if _, err := d.ask("syncdir", dir); err != nil {
		return err
	}
	return d.Disk.SyncDir(dir)
}

type faultyFile struct {
	File
	disk *faultyDisk
	path string
}

func (f *faultyFile) ReadAt(b []byte, offset int64) (int, error) {
	if _, err := f.disk.ask("read", f.path); err != nil {
		return 0, err
	}
	return f.File.ReadAt(b, offset)
}

func (f *faultyFile) WriteAt(b []byte, offset int64) (int, error) {
	n, err := f.disk.ask("write", f.path)
	if err == nil {
		return f.File.WriteAt(b, offset)
	}
	n, below := f.File.WriteAt(b[:min(n, len(b))], offset)
	if below != nil {
		return n, below
	}
	return n, err
}

func (f *faultyFile) Truncate(size int64) error {
	if _, err := f.disk.ask("truncate", f.path); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *faultyFile) Datasync() error {
	if _, err := f.disk.ask("datasync", f.path); err != nil {
		return err
	}
	return f.File.Datasync()
}
