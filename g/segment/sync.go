package segment

import (
	"errors"
	"io/fs"
)

// unsynced is a segment with what of it is to be made durable.
type unsynced struct {
	segment *segment
	file    File // nil: it has been closed since
	end     int64
	failed  error
}

// Sync makes durable all that was appended before the call, by this process or one
// before, and the names of the files. Appends go on meanwhile.
//
// After an error the segments that it was about are added to no more and never synced
// again, since the system may have forgotten what it could not write. What was
// appended to them until the error was returned may be lost in a power cut: the next
// Sync is an error too if it was called for some of that, and no later one speaks of
// it. Who needs it durable appends it anew.
func (l *Log) Sync() error {
	l.syncing.Lock()
	defer l.syncing.Unlock()
	all, names := l.unsynced()
	var errs []error
	for _, u := range all {
		err := u.failed
		if err == nil {
			if err = l.syncSegment(u); err != nil {
				err = diskError("sync", l.path(u.segment.name), err)
			}
		}
		l.synced(u, err)
		errs = append(errs, err)
	}
	if names {
		if err := l.options.Disk.SyncDir(l.dir); err != nil {
			err = diskError("sync the directory", l.dir, err)
			l.namesChanged()
			for _, u := range all {
				l.synced(u, err)
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// unsynced returns what there is to sync.
func (l *Log) unsynced() (all []unsynced, names bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.segments {
		if s.synced < s.end && s.state == readable {
			all = append(all, unsynced{s, s.file, s.end, s.failed})
		}
	}
	names, l.newNames = l.newNames, false
	return all, names
}

// syncSegment makes the segment's file durable. A segment that was released
// meanwhile needs no sync.
func (l *Log) syncSegment(u unsynced) error {
	err := fs.ErrClosed
	if u.file != nil {
		err = u.file.Datasync()
	}
	if errors.Is(err, fs.ErrClosed) {
		err = l.syncFile(u.segment.name)
	}
	if u.segment.number < l.floor.Load() {
		return nil
	}
	return err
}

// syncFile opens a file to sync it. What the system could not write of it is still
// reported: to the first who asks, if nobody had it open.
func (l *Log) syncFile(name string) error {
	file, err := l.options.Disk.Open(l.path(name))
	if err != nil {
		return err
	}
	return errors.Join(file.Datasync(), file.Close())
}

// synced notes that there is nothing more to do for what was to be synced, be it
// durable or not.
func (l *Log) synced(u unsynced, err error) {
	l.mu.Lock()
	u.segment.synced = max(u.segment.synced, u.end)
	if err != nil {
		u.segment.failed = err
	}
	file := u.segment.spareFile()
	l.mu.Unlock()
	closeAll([]File{file})
}
