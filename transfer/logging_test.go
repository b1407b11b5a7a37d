package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRepeatedLinesAreKeptBack(t *testing.T) {
	var out bytes.Buffer
	log := newLogger(&out, newLogManner("text", "info"))
	now := time.Now()
	counts := log.Handler().(*repeats).seen
	counts.now = func() time.Time { return now }

	one, other := log.With("target", "graph-00"), log.With("target", "graph-01")
	for range 100 {
		one.Warn("it fails", "error", "refused")
	}
	other.Warn("it fails", "error", "refused")
	require.Equal(t, repeatsAllowed, strings.Count(out.String(), "graph-00"))
	require.Equal(t, 1, strings.Count(out.String(), "graph-01"), "another subject is another line")

	out.Reset()
	now = now.Add(repeatsWindow)
	one.Warn("it fails", "error", "refused")
	require.Contains(t, out.String(), "keptBack=95")

	for i := range 3 * maxSeen {
		log.Info(strings.Repeat("x", i))
	}
	require.LessOrEqual(t, len(counts.lines), maxSeen)
}

func TestLogFormatAndLevel(t *testing.T) {
	var out bytes.Buffer
	newLogger(&out, newLogManner("json", "warn")).Info("not shown")
	require.Empty(t, out.String())
	manner := newLogManner("json", "nonsense")
	log := newLogger(&out, manner).With("of", "x")
	log.Info("shown")
	require.Contains(t, out.String(), `"msg":"shown","of":"x"`)

	out.Reset()
	manner.set("text", "error")
	log.Warn("not shown")
	require.Empty(t, out.String())
	log.WithGroup("g").Error("shown", "a", 1)
	require.Contains(t, out.String(), `msg=shown of=x g.a=1`)
}
