package receiver

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
)

func TestSocketTakesLinesAsTheyCome(t *testing.T) {
	d := open(t, ListenSocket, testLimits(), new(store))
	c := d.dial(t)
	write(t, c, "update e m 1 1\nupdate e m/k=v 2 2 GAUGE 30\r\nupd")
	require.Equal(t, "m/k=v", d.waitFor(t, 2)[1].Metric)
	write(t, c, "ate e m 3 3\n\nnonsense\nupdate e m 4")
	points := d.waitFor(t, 5)
	require.EqualValues(t, 3, points[2].Value)
	require.Equal(t, metric.BadLine, points[3].Refused)
	require.Equal(t, metric.BadLine, points[4].Refused)
	require.NoError(t, c.CloseWrite())
	require.Empty(t, rest(t, c))
	d.waitFor(t, 5) // the last line had no end
}

func TestSocketQuit(t *testing.T) {
	d := open(t, ListenSocket, testLimits(), new(store))
	c := d.dial(t)
	write(t, c, "update e m 1 1\nquit\nupdate e m 2 2\n")
	require.Empty(t, rest(t, c))
	d.waitFor(t, 1)
}

func TestSocketLineTooLong(t *testing.T) {
	limits := testLimits()
	limits.RequestBytes = 100
	d := open(t, ListenSocket, limits, new(store))
	c := d.dial(t)
	pad := func(n int) string { return "update e " + strings.Repeat("m", n-len("update e  1 1")) + " 1 1" }
	write(t, c, pad(100)+"\n"+pad(101)+"\n"+"update e m 2 2\n")
	require.Equal(t, metric.LineTooLong, d.waitFor(t, 3)[1].Refused)
	for range 100 {
		write(t, c, strings.Repeat("x", 64<<10))
	}
	write(t, c, "\nupdate e m 3 3\n")
	points := d.waitFor(t, 5)
	require.Equal(t, metric.LineTooLong, points[3].Refused)
	require.EqualValues(t, 3, points[4].Value)
}

func TestSocketManyLinesInPieces(t *testing.T) {
	const lines = 20_000
	d := open(t, ListenSocket, testLimits(), new(store))
	var text strings.Builder
	for i := range lines {
		fmt.Fprintf(&text, "update e m %d %d GAUGE 60\n", i+1, i)
	}
	for _, size := range []int{1 << 20, 1009} {
		before := len(d.all())
		c := d.dial(t)
		for rest := text.String(); rest != ""; {
			n := min(size, len(rest))
			write(t, c, rest[:n])
			rest = rest[n:]
		}
		for i, p := range d.waitFor(t, before+lines)[before:] {
			require.EqualValues(t, i, p.Value)
		}
	}
}

func TestSocketWaitsWhileRefused(t *testing.T) {
	s := &store{refuse: 2}
	d := open(t, ListenSocket, testLimits(), s)
	c := d.dial(t)
	write(t, c, "update e m 1 1\nupdate e m 2 2\n")
	require.EqualValues(t, 2, d.waitFor(t, 2)[1].Value)
}

func TestSocketStopsWhileRefused(t *testing.T) {
	s := &store{refuse: 1 << 30, refused: make(chan struct{}, 1<<10)}
	d := open(t, ListenSocket, testLimits(), s)
	write(t, d.dial(t), "update e m 1 1\n")
	<-s.refused
	require.NoError(t, d.Stop(context.Background()))
	require.Empty(t, d.all())
	d.trouble(t, "not_ready", 1)
}

func TestSocketIdleTimeout(t *testing.T) {
	limits := testLimits()
	limits.IdleTimeout = 50 * time.Millisecond
	d := open(t, ListenSocket, limits, new(store))
	c := d.dial(t)
	write(t, c, "update e m 1 1\n")
	require.Empty(t, rest(t, c))
	d.waitFor(t, 1)
	d.trouble(t, "timed_out", 1)
}
