package sender

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"transfer/g/stat"
)

// health is what the lanes of a target tell of their connections. It never looks
// at points.
type health struct {
	log    *slog.Logger
	dials  atomic.Uint64
	calls  atomic.Uint64 // answered
	open   atomic.Int64  // connections
	active atomic.Int64  // of these, in a call

	mu      sync.Mutex
	failing int // lanes whose last attempt failed
	since   time.Time
	lastErr string
}

// fill adds the state to the row that is shown of the target.
func (h *health) fill(s *stat.Target) {
	s.Calls, s.Dials = h.calls.Load(), h.dials.Load()
	s.Open, s.Active = int(h.open.Load()), int(h.active.Load())
	h.mu.Lock()
	defer h.mu.Unlock()
	s.Error = h.lastErr
	switch {
	case h.failing > 0:
		s.State = stat.StateDown
	case s.Calls > 0 || s.Open > 0:
		s.State = stat.StateUp
	default:
		s.State = stat.StateIdle
	}
}

// failed notes a failed attempt of a lane; first: the one before it went well. The
// log hears of the target's first lane that fails.
func (h *health) failed(err error, first bool, now time.Time) {
	if h.count(err, first, now) {
		h.log.Warn("target fails, its points wait", "error", err)
	}
}

// count is failed without the log, which may block and so is written without the
// lock. It reports whether the target has just begun to fail.
func (h *health) count(err error, first bool, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lastErr = err.Error()
	if !first {
		return false
	}
	if h.failing++; h.failing > 1 {
		return false
	}
	h.since = now
	return true
}

// recovered notes that a lane which had failed delivers again.
func (h *health) recovered(now time.Time) {
	h.mu.Lock()
	h.failing--
	back, away := h.failing == 0, now.Sub(h.since)
	h.mu.Unlock()
	if back {
		h.log.Info("target is back", "away", away.Round(time.Millisecond))
	}
}
