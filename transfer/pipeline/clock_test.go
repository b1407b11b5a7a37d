package pipeline

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// start is the time at which the tests' clocks begin, Unix seconds.
const start = 1_795_235_956

func TestTimestamp(t *testing.T) {
	c := clock{now: func() time.Time { return time.Unix(start, 0) }}
	for _, s := range []struct{ sent, want int64 }{
		{start, start},
		{1, 1},
		{start + 3600, start + 3600},
		{2 * start, 2 * start},
		{2*start + 1, start},
		{1<<63 - 1, start},
		{0, start},
		{-1, start},
		{-1 << 63, start},
	} {
		at := c.read()
		require.Equal(t, s.want, at.timestamp(s.sent), "%d", s.sent)
	}
}

// Promise P16: the clock jumps, explicit timestamps stay, defaults never go back.
func TestClockJumps(t *testing.T) {
	now := int64(0)
	c := clock{now: func() time.Time { return time.Unix(now, 0) }}
	for _, s := range []struct {
		what    string
		now     int64
		missing int64 // the default that is given then; 0: none is asked for
	}{
		{"begin", start, start},
		{"a second on", start + 1, start + 1},
		{"back an hour", start - 3599, start + 1},
		{"back to 1970", 5, start + 1},
		{"before 1970", -5, start + 1},
		{"right again", start + 20, start + 20},
		{"far ahead, unused", start + 1e6, 0},
		{"right again", start + 21, start + 21},
		{"far ahead, used", start + 1e6, start + 1e6},
		{"right again", start + 22, start + 1e6},
	} {
		now = s.now
		at := c.read()
		require.Equal(t, int64(start), at.timestamp(start), "%s: explicit", s.what)
		if s.missing > 0 {
			require.Equal(t, s.missing, at.timestamp(0), s.what)
			require.Equal(t, s.missing, at.timestamp(-1), "%s: one batch, one default", s.what)
		}
	}
}
