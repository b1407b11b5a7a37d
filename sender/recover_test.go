package sender

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g"
	"transfer/g/stat"
)

// What is still unconfirmed on the connection would be confirmed twice.
func TestRefusalInAWindowCostsTheConnection(t *testing.T) {
	p := &peer{window: 1 << 20, answers: []func(*call) error{nil, fails(&Refusal{Err: errors.New("retry: busy")})}}
	s := start(t, p, "a:1")
	put(s, 0, 500)
	eventually(t, "all arrive", func() bool { return len(p.points()) == 500 })
	require.Zero(t, stop(t, s, 5*time.Second))
	require.Equal(t, upTo(500), p.points())
	require.Equal(t, uint64(2), s.Targets()[0].Dials)
}

// P13: what another address of the group takes is not left.
func TestDrainGoesOnToTheNextAddress(t *testing.T) {
	p := &peer{}
	s := start(t, p, "a:1", "b:1")
	p.mu.Lock()
	p.answers = []func(*call) error{func(*call) error { <-s.drain; return errors.New("reset") }}
	p.mu.Unlock()
	put(s, 0, 50)
	require.Zero(t, stop(t, s, 5*time.Second))
	require.Equal(t, upTo(50), p.points())
}

// P13: one failure while draining is no reason to leave everything.
func TestDrainTriesTwice(t *testing.T) {
	for name, failure := range map[string]error{
		"reset": errors.New("reset"), "busy": &Refusal{Err: errors.New("retry: busy")},
	} {
		t.Run(name, func(t *testing.T) {
			p := &peer{}
			s := start(t, p, "a:1")
			p.mu.Lock()
			p.answers = []func(*call) error{func(*call) error { <-s.drain; return failure }}
			p.mu.Unlock()
			put(s, 0, 50)
			require.Zero(t, stop(t, s, 5*time.Second))
			require.Equal(t, upTo(50), p.points())
		})
	}
}

// A window is a part of the queue, however small its Blocks are.
func TestWindowIsBoundedByTheQueue(t *testing.T) {
	section := &g.Backend{QueueBytes: 1 << 20}
	window := func(lanes int) int64 {
		return newRole(plan{Rules: Rules{Window: 4 << 20}}, section, nil).window(lanes)
	}
	require.Equal(t, int64(1<<19), window(1))
	require.Equal(t, int64(1<<16), window(8))
	section.QueueBytes = 64 << 20
	require.Equal(t, int64(4<<20), window(1))
	require.Zero(t, newRole(plan{}, section, nil).window(1), "one Block")
}

// P6: a log that blocks holds up neither the admin server nor other lanes.
func TestHealthIsReadWhileTheLogBlocks(t *testing.T) {
	log := &stuckLog{entered: make(chan struct{}), release: make(chan struct{})}
	h := health{log: slog.New(log)}
	done := make(chan struct{})
	go func() { h.failed(errors.New("refused"), true, time.Now()); close(done) }()
	<-log.entered
	var row stat.Target
	h.fill(&row)
	require.Equal(t, stat.StateDown, row.State)
	close(log.release)
	<-done
}

// stuckLog is a log whose first line waits until it is released.
type stuckLog struct{ entered, release chan struct{} }

func (*stuckLog) Enabled(context.Context, slog.Level) bool { return true }
func (l *stuckLog) Handle(context.Context, slog.Record) error {
	close(l.entered)
	<-l.release
	return nil
}
func (l *stuckLog) WithAttrs([]slog.Attr) slog.Handler { return l }
func (l *stuckLog) WithGroup(string) slog.Handler      { return l }
