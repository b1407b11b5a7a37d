package main

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// newLogger returns a logger of manner, whose repeats are limited.
func newLogger(w io.Writer, manner *logManner) *slog.Logger {
	options := &slog.HandlerOptions{Level: &manner.level}
	handler := &eitherFormat{slog.NewTextHandler(w, options), slog.NewJSONHandler(w, options), manner}
	return slog.New(&repeats{next: handler, seen: &seen{now: time.Now, lines: make(map[string]*line)}})
}

const (
	repeatsAllowed = 5                // lines with the same message and subject
	repeatsWindow  = 30 * time.Second // in so long
	maxSeen        = 4096             // messages and subjects told apart
)

// repeats is a slog.Handler that lets a line through a few times in each window
// and then tells how many it kept back.
type repeats struct {
	next    slog.Handler
	subject string // attributes that the logger carries
	seen    *seen
}

// seen counts lines; it is shared by a handler and all that were derived from it.
type seen struct {
	now   func() time.Time
	mu    sync.Mutex
	lines map[string]*line
}

type line struct {
	since        time.Time
	passed, kept int
}

// Enabled implements slog.Handler.
func (r *repeats) Enabled(ctx context.Context, level slog.Level) bool {
	return r.next.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (r *repeats) Handle(ctx context.Context, record slog.Record) error {
	pass, kept := r.seen.pass(record.Message + "\x00" + r.subject)
	if !pass {
		return nil
	}
	if kept > 0 {
		record.AddAttrs(slog.Int("keptBack", kept))
	}
	return r.next.Handle(ctx, record)
}

// WithAttrs implements slog.Handler.
func (r *repeats) WithAttrs(attrs []slog.Attr) slog.Handler {
	var subject strings.Builder
	subject.WriteString(r.subject)
	for _, a := range attrs {
		subject.WriteString("\x00" + a.String())
	}
	return &repeats{next: r.next.WithAttrs(attrs), subject: subject.String(), seen: r.seen}
}

// WithGroup implements slog.Handler.
func (r *repeats) WithGroup(name string) slog.Handler {
	return &repeats{next: r.next.WithGroup(name), subject: r.subject + "\x00" + name, seen: r.seen}
}

// pass reports whether a line may be written, and how many like it were kept back
// since the last one that was.
func (s *seen) pass(key string) (ok bool, kept int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	l := s.lines[key]
	if l == nil {
		if len(s.lines) >= maxSeen {
			clear(s.lines) // forgetting costs a repeated line, remembering all costs memory
		}
		l = &line{since: now}
		s.lines[key] = l
	}
	if now.Sub(l.since) >= repeatsWindow {
		kept = l.kept
		*l = line{since: now}
	}
	if l.passed == repeatsAllowed {
		l.kept++
		return false, 0
	}
	l.passed++
	return true, kept
}
