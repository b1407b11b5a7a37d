package receiver

import (
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g"
)

const (
	ping = `{"method":"Transfer.Ping","params":[{}],"id":1}`
	pong = `{"id":1,"result":{"code":0},"error":null}` + "\n"
)

// expect reads exactly text.
func expect(t *testing.T, c net.Conn, text string) {
	t.Helper()
	got := make([]byte, len(text))
	_, err := io.ReadFull(c, got)
	require.NoError(t, err)
	require.Equal(t, text, string(got))
}

func TestServerReadsOnlyAfterStart(t *testing.T) {
	server := ListenRPC(bound(t), testLimits(), new(store), testCounts(), slog.New(slog.DiscardHandler))
	c, err := net.Dial("tcp", server.Addr().String())
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	write(t, c, ping)
	server.Start()
	expect(t, c, pong)
	require.NoError(t, server.Stop(context.Background()))
	require.NoError(t, server.Stop(context.Background()))

	server = ListenSocket(bound(t), g.Limits{}, new(store), testCounts(), slog.New(slog.DiscardHandler))
	require.NoError(t, server.Stop(context.Background()))
}

func TestServerStopAnswersWhatWasRead(t *testing.T) {
	s := &store{entered: make(chan struct{}, 10), hold: make(chan struct{})}
	d := open(t, ListenRPC, testLimits(), s)
	idleClient, busy := d.dial(t), d.dial(t)
	write(t, idleClient, ping)
	expect(t, idleClient, pong)
	write(t, busy, `{"method":"Transfer.Update","params":[[]],"id":1}`+`{"method":"Transfer.Update","params":[[]],"id":2}{"half`)
	<-s.entered
	stopped := make(chan error, 1)
	go func() { stopped <- d.Stop(context.Background()) }()
	require.Empty(t, rest(t, idleClient))
	close(s.hold)
	require.Equal(t, 2, strings.Count(rest(t, busy), `"Message":"ok"`))
	require.NoError(t, <-stopped)
	require.Zero(t, d.counts.Open.Load())
	_, err := net.Dial("tcp", d.Addr().String())
	require.Error(t, err)
}

func TestServerStopCutsOffAfterAll(t *testing.T) {
	s := &store{entered: make(chan struct{}, 1), hold: make(chan struct{})}
	d := open(t, ListenRPC, testLimits(), s)
	c := d.dial(t)
	write(t, c, `{"method":"Transfer.Update","params":[[]],"id":1}`)
	<-s.entered
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- d.Stop(ctx) }()
	cancel()
	require.Empty(t, rest(t, c))
	close(s.hold)
	require.ErrorIs(t, <-stopped, context.Canceled)
}

func TestServerPanicCostsOneConnection(t *testing.T) {
	s := &store{panics: true}
	d := open(t, ListenRPC, testLimits(), s)
	other, c := d.dial(t), d.dial(t)
	write(t, c, `{"method":"Transfer.Update","params":[[]],"id":1}`)
	require.Empty(t, rest(t, c))
	d.trouble(t, "panicked", 1)
	write(t, other, ping)
	expect(t, other, pong)
}

func TestServerConnectionLimits(t *testing.T) {
	for name, limits := range map[string]g.Limits{
		"all": {Connections: 2, RequestBytes: 1000}, "one address": {ConnectionsPerIP: 2, RequestBytes: 1000},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, ListenRPC, limits, new(store))
			first, second := d.dial(t), d.dial(t)
			for _, c := range []net.Conn{first, second} {
				write(t, c, ping)
				expect(t, c, pong)
			}
			require.Empty(t, rest(t, d.dial(t)))
			d.trouble(t, "too_many_clients", 1)
			require.EqualValues(t, 2, d.counts.Open.Load())
			_ = first.Close()
			require.Eventually(t, func() bool { return d.counts.Open.Load() == 1 }, 10*time.Second, time.Millisecond)
			third := d.dial(t)
			write(t, third, ping)
			expect(t, third, pong)
		})
	}
}

// Other limits hold for the connections that come; those that are open live on.
func TestServerSetLimits(t *testing.T) {
	limits := testLimits()
	limits.RequestBytes = 1000
	d := open(t, ListenRPC, limits, new(store))
	long := `{"method":"Transfer.Ping","params":[{}],"id":"` + strings.Repeat("x", 2000) + `"}`
	first, second := d.dial(t), d.dial(t)
	for _, c := range []net.Conn{first, second} {
		write(t, c, ping)
		expect(t, c, pong)
	}
	limits.RequestBytes, limits.Connections = 10_000, 2
	d.SetLimits(limits)
	require.Empty(t, rest(t, d.dial(t)), "there are two connections already")
	write(t, first, ping)
	expect(t, first, pong)
	write(t, first, long)
	require.Empty(t, rest(t, first), "it was opened under the limit of 1000 bytes")
	d.trouble(t, "too_large", 1)
	require.Eventually(t, func() bool { return d.counts.Open.Load() == 1 }, 10*time.Second, time.Millisecond)
	third := d.dial(t)
	write(t, third, long)
	expect(t, third, strings.Replace(pong, `"id":1`, `"id":"`+strings.Repeat("x", 2000)+`"`, 1))
}

// failing is a listener whose Accept fails a few times.
type failing struct {
	net.Listener
	left  int
	calls chan time.Time
}

func (f *failing) Accept() (net.Conn, error) {
	f.calls <- time.Now()
	if f.left--; f.left >= 0 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return f.Listener.Accept()
}

func TestLimitListenerBacksOff(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	f := &failing{Listener: inner, left: 4, calls: make(chan time.Time, 20)}
	counts := testCounts()
	ln := newLimitListener(f, testLimits(), counts, slog.New(slog.DiscardHandler))
	client, err := net.Dial("tcp", inner.Addr().String())
	require.NoError(t, err)
	defer func() { _ = client.Close() }()
	c, err := ln.Accept()
	require.NoError(t, err)
	require.EqualValues(t, 4, counts.Closed.All()["accept_failed"])
	require.EqualValues(t, 1, counts.Open.Load())
	require.GreaterOrEqual(t, time.Since(<-f.calls), (5+10+20+40)*time.Millisecond)
	_ = c.Close()
	_ = c.Close()
	require.Zero(t, counts.Open.Load())

	f.left = 10
	ended := make(chan error, 1)
	go func() {
		_, err := ln.Accept()
		ended <- err
	}()
	for range 6 {
		<-f.calls // five in the first round, so it is failing again
	}
	require.NoError(t, ln.Close())
	require.ErrorIs(t, <-ended, net.ErrClosed)
}
