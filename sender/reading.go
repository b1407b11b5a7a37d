package sender

import (
	"errors"
	"io"
	"time"

	"transfer/sender/queue"
	"transfer/sender/spool"
)

const (
	// readRetry is the pause after a spool could not be read.
	readRetry = time.Second
	// readTries is how often a place is tried before it is given up.
	readTries = 10
)

// reading is how a lane reads its spool. It is open only while there is something to
// be read and the target takes it.
type reading struct {
	reader  *spool.Reader
	damaged uint64 // of reader.Damage, what was counted
	failed  int    // times in a row
}

// load reads the lane's next Block from its stream or spool into the queue. It returns how long
// to wait before it is tried again, 0 on success.
func (l *lane) load() time.Duration {
	shelf, from, ok := l.blocks.Unread()
	if !ok {
		return 0
	}
	if shelf == queue.InStream {
		return l.loadStream(from)
	}
	r := &l.reading
	if r.reader == nil || r.reader.Position() != from {
		r.close()
		r.reader, r.damaged = l.target.spooler.all()[l.index].Reader(from), 0
	}
	b := l.blocks.Blank()
	end, err := r.reader.Next(b)
	damage := r.reader.Damage()
	damaged := damage - r.damaged
	r.damaged = damage
	switch {
	case err == nil:
		l.blocks.Load(b, shelf, from, end, damaged)
	case errors.Is(err, io.EOF):
		l.blocks.Missing(shelf, from, end, damaged)
	default:
		return l.unreadable(err)
	}
	r.failed = 0
	return 0
}

// unreadable notes that the spool could not be read.
func (l *lane) unreadable(err error) time.Duration {
	r := &l.reading
	if r.failed++; r.failed == 1 {
		l.target.health.log.Error("cannot read the spool, trying again", "lane", l.index, "error", err)
	}
	if r.failed >= readTries {
		r.reader.Skip()
		r.failed = 0
		l.target.health.log.Error("a part of the spool that cannot be read is passed over", "lane", l.index, "error", err)
	}
	return readRetry
}

// close frees what reading holds.
func (r *reading) close() {
	if r.reader != nil {
		r.reader.Close()
		r.reader = nil
	}
}
