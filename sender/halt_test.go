package sender

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// The call under way ends, whatever comes of it, and nothing else is sent.
func TestHaltSendsNothingMore(t *testing.T) {
	for name, test := range map[string]struct {
		window int
		answer error
		taken  bool
	}{
		"taken":             {taken: true},
		"reset":             {answer: errors.New("reset")},
		"taken in a window": {window: 1 << 20, taken: true},
		"reset in a window": {window: 1 << 20, answer: errors.New("reset")},
	} {
		t.Run(name, func(t *testing.T) {
			p := &peer{window: test.window}
			s := start(t, p, "a:1")
			called, points := make(chan struct{}), 0
			p.mu.Lock()
			p.answers = []func(*call) error{func(c *call) error {
				close(called)
				<-s.drain
				points = c.b.Len()
				return test.answer
			}}
			p.mu.Unlock()
			put(s, 0, 50)
			<-called
			put(s, 50, 500)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			left := s.Halt(ctx)
			require.NoError(t, ctx.Err(), "nobody has waited for the end")
			require.True(t, s.Targets()[0].Balanced())
			goleak.VerifyNone(t)
			if !test.taken {
				require.EqualValues(t, 500, left)
				require.Empty(t, p.points())
				return
			}
			require.GreaterOrEqual(t, len(p.points()), points)
			require.EqualValues(t, 500-len(p.points()), left)
			if test.window == 0 {
				require.Len(t, p.points(), points)
			}
			require.Positive(t, left)
		})
	}
}

// A call that hangs is cut off when the time is over.
func TestHaltCutsOff(t *testing.T) {
	p := &peer{}
	s := start(t, p, "a:1")
	p.mu.Lock()
	p.always = p.hangs
	p.mu.Unlock()
	put(s, 0, 50)
	<-p.stuck
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	require.EqualValues(t, 50, s.Halt(ctx))
	goleak.VerifyNone(t)
}
