package main

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// dataDir is the folder in which a relay keeps its files. One process holds it at
// a time.
type dataDir struct{ lock *os.File }

// errLocked says that another process holds the data directory. It is never
// passed over: two relays must not share one.
var errLocked = errors.New("another process uses it: stop that one or give this one its own dataDir")

// openDataDir creates the folder where it is missing and locks it until Close or the
// end of the process. The lock lies on the folder itself, so that it can be had while
// the disk is full.
func openDataDir(path string) (*dataDir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("cannot create the data directory: %w", err)
	}
	lock, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open the data directory %s: %w", path, err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = lock.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = errLocked
		}
		return nil, fmt.Errorf("cannot lock the data directory %s: %w", path, err)
	}
	return &dataDir{lock}, nil
}

// Close gives the folder free.
func (d *dataDir) Close() error { return d.lock.Close() }
