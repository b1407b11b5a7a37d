package sender

import (
	"sync/atomic"
	"time"

	"transfer/sender/queue"
)

const (
	// hiddenPause is how often a lane looks whether its spool could be opened.
	hiddenPause = 100 * time.Millisecond
	// hiddenShare is the part of queueBytes, and of maxAge, up to which new points wait
	// for that.
	hiddenShare = 2
)

// hidden says that the spools of a target may hold points but could not be opened yet:
// new points wait in memory so as not to overtake those. They do so as long as nothing
// is lost by it; a disk that stays broken must not stop the target.
type hidden struct {
	is     atomic.Bool
	unread bool // they may hold points, whatever has been done since the start
}

// begin notes that the spools could not be opened at the start.
func (h *hidden) begin(mayHold bool) {
	h.unread = mayHold
	h.is.Store(mayHold)
}

// isRead reports whether nothing is left in the target's streams and spools.
func (s *spooler) isRead() bool {
	if s.spools.Load() == nil && s.hidden.unread {
		return false
	}
	return s.bytes() == 0 && s.streams.isRead()
}

// unseen returns how long the lane must wait for its spool to be opened before it may
// send: Forever if it is to end, 0 if it need not wait.
func (l *lane) unseen(draining bool) time.Duration {
	s := l.target.spooler
	if s == nil || !s.hidden.is.Load() {
		return 0
	}
	waiting, section := l.target.queue.Account(), l.role.section
	crowded := waiting.Bytes > int64(section.QueueBytes)/hiddenShare
	old := !waiting.Oldest.IsZero() && l.now.Sub(waiting.Oldest) > section.MaxAge/hiddenShare
	switch {
	case crowded || old:
		if s.hidden.is.Swap(false) {
			s.log.Error("a spool that may hold older points still cannot be opened: new points go ahead of them now", "error", s.Trouble())
		}
		return 0
	case draining:
		return queue.Forever
	}
	return hiddenPause
}
