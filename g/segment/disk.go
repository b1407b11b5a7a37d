package segment

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Disk is the file layer under a log. What it is given are paths below the log's
// directory. Its errors wrap those of package syscall, as the errors of package os
// do.
type Disk interface {
	// MakeDir makes the directory (0700) and those above it that are missing, all of
	// them durable.
	MakeDir(dir string) error
	List(dir string) ([]fs.FileInfo, error)
	// Open opens a file for reading only.
	Open(path string) (File, error)
	// Create makes a file (0600), which must not exist, for reading and writing.
	Create(path string) (File, error)
	// Reuse opens an existing file for reading and writing.
	Reuse(path string) (File, error)
	Rename(from, to string) error
	Remove(path string) error
	// SyncDir makes the names in the directory durable.
	SyncDir(dir string) error
	// Free returns the bytes of the file system that are left for this process.
	Free(dir string) (int64, error)
}

// File is a file of a Disk. Its methods may be called by several goroutines at a
// time; Close may come while others are under way and lets those end.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Truncate(size int64) error
	// Datasync makes the content durable, and the size, but not the times.
	Datasync() error
}

// OSDisk is the Disk of the operating system.
type OSDisk struct{}

// MakeDir implements Disk.
func (d OSDisk) MakeDir(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir {
		if err := d.MakeDir(filepath.Dir(dir)); err != nil {
			return err
		}
		err = os.Mkdir(dir, 0o700)
	}
	if err != nil {
		return err
	}
	return d.SyncDir(filepath.Dir(dir))
}

// List implements Disk.
func (OSDisk) List(dir string) ([]fs.FileInfo, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	files := make([]fs.FileInfo, 0, len(entries))
	for _, entry := range entries {
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since
		}
		if err != nil {
			return nil, err
		}
		files = append(files, info)
	}
	return files, nil
}

// Open implements Disk.
func (OSDisk) Open(path string) (File, error) { return openFile(path, os.O_RDONLY) }

// Create implements Disk.
func (OSDisk) Create(path string) (File, error) {
	return openFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL)
}

// Reuse implements Disk.
func (OSDisk) Reuse(path string) (File, error) { return openFile(path, os.O_RDWR) }

// Rename implements Disk.
func (OSDisk) Rename(from, to string) error { return os.Rename(from, to) }

// Remove implements Disk.
func (OSDisk) Remove(path string) error { return os.Remove(path) }

// SyncDir implements Disk.
func (OSDisk) SyncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Free implements Disk.
func (OSDisk) Free(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("cannot ask for the free space of %s: %w", dir, err)
	}
	return int64(uint64(s.Bavail) * uint64(s.Bsize)), nil
}

type osFile struct{ *os.File }

// openFile returns an untyped nil with an error, as an interface must.
func openFile(path string, flags int) (File, error) {
	f, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}
