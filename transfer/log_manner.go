package main

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// logManner is how a log is written. It may change while lines are.
type logManner struct {
	level slog.LevelVar
	json  atomic.Bool
}

// newLogManner returns the manner of the format, text or json, from that level on.
func newLogManner(format, level string) *logManner {
	m := new(logManner)
	m.set(format, level)
	return m
}

// set changes the manner. An unknown level is info.
func (m *logManner) set(format, level string) {
	var threshold slog.Level
	if err := threshold.UnmarshalText([]byte(level)); err != nil {
		threshold = slog.LevelInfo
	}
	m.level.Set(threshold)
	m.json.Store(format == "json")
}

// eitherFormat is a slog.Handler that writes in the format that is asked for.
type eitherFormat struct {
	text, json slog.Handler
	manner     *logManner
}

func (e *eitherFormat) now() slog.Handler {
	if e.manner.json.Load() {
		return e.json
	}
	return e.text
}

// Enabled implements slog.Handler.
func (e *eitherFormat) Enabled(ctx context.Context, level slog.Level) bool {
	return e.now().Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (e *eitherFormat) Handle(ctx context.Context, record slog.Record) error {
	return e.now().Handle(ctx, record)
}

// WithAttrs implements slog.Handler.
func (e *eitherFormat) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &eitherFormat{e.text.WithAttrs(attrs), e.json.WithAttrs(attrs), e.manner}
}

// WithGroup implements slog.Handler.
func (e *eitherFormat) WithGroup(name string) slog.Handler {
	return &eitherFormat{e.text.WithGroup(name), e.json.WithGroup(name), e.manner}
}
