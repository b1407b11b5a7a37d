package main

import (
	"os"
	"syscall"
	"time"
)

// watchedFile tells when a file was written, replaced, or is another one since a link
// on its path was switched. It asks the system, which tells all of that at any file
// system; one goroutine uses it.
type watchedFile struct {
	path string
	last trace
}

// trace is what a file looks like from outside. The zero trace is that of no file.
type trace struct {
	modified      time.Time
	bytes         int64
	device, inode uint64
}

// changed reports whether the file looks otherwise than at the last call. The first
// call sees a change: nobody knows what happened before. A file that is not there, such
// as one that is about to be replaced, is none.
func (f *watchedFile) changed() bool {
	now := traceOf(f.path)
	if now == (trace{}) || now == f.last {
		return false
	}
	f.last = now
	return true
}

func traceOf(path string) trace {
	info, err := os.Stat(path)
	if err != nil {
		return trace{}
	}
	t := trace{modified: info.ModTime(), bytes: info.Size()}
	if of, ok := info.Sys().(*syscall.Stat_t); ok {
		t.device, t.inode = uint64(of.Dev), of.Ino
	}
	return t
}
