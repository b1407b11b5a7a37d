package receiver

import (
	"io"
	"log/slog"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// connected returns both ends of a connection through a limited listener.
func connected(t *testing.T) (near *conn, far *net.TCPConn) {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = inner.Close() }()
	client, err := net.Dial("tcp", inner.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	server, err := newLimitListener(inner, testLimits(), testCounts(), slog.New(slog.DiscardHandler)).Accept()
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	return newConn(server), client.(*net.TCPConn)
}

func TestDescriptorHoldsNoMemoryWhileItWaits(t *testing.T) {
	c, client := connected(t)
	require.NotNil(t, c.raw)
	b := buffer{memory: new(memory), max: 1 << 20}
	inVain := func() {
		t.Helper()
		require.NoError(t, c.readUntil(time.Now().Add(10*time.Millisecond)))
		require.ErrorIs(t, c.fill(&b), os.ErrDeadlineExceeded)
		require.NoError(t, c.readUntil(time.Now().Add(10*time.Second)))
	}
	inVain()
	require.Nil(t, b.data)
	write(t, client, "request")
	require.NoError(t, c.fill(&b))
	require.Equal(t, "request", string(b.unread()))
	require.Len(t, b.data, readBytes)
	b.use(2)
	inVain()
	require.Len(t, b.data, len("quest"))
	write(t, client, "ed")
	require.NoError(t, c.fill(&b))
	require.Equal(t, "quested", string(b.unread()))
	b.use(7)
	inVain()
	require.Nil(t, b.data)
}

func TestDescriptorReadsMuchAtOnce(t *testing.T) {
	c, client := connected(t)
	b := buffer{memory: &memory{budget: newBudget(testLimits())}, max: 1 << 20}
	sent := make([]byte, 300<<10)
	for i := range sent {
		sent[i] = byte(i >> 8)
	}
	go func() {
		_, _ = client.Write(sent)
		_ = client.CloseWrite()
	}()
	var err error
	for err == nil {
		err = c.fill(&b)
	}
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, sent, b.unread())
}

func TestDescriptorEnds(t *testing.T) {
	c, client := connected(t)
	b := buffer{memory: new(memory), max: 1 << 20}
	write(t, client, "last")
	require.NoError(t, client.CloseWrite())
	require.NoError(t, c.fill(&b))
	require.ErrorIs(t, c.fill(&b), io.EOF)
	require.Equal(t, "last", string(b.unread()))
	require.NoError(t, c.Close())
	require.ErrorIs(t, c.fill(&b), net.ErrClosed)

	c, _ = connected(t)
	ended := make(chan error, 1)
	go func() { ended <- c.fill(&buffer{memory: new(memory), max: 10}) }()
	c.interrupt()
	require.ErrorIs(t, <-ended, os.ErrDeadlineExceeded)

	c, client = connected(t)
	require.NoError(t, client.SetLinger(0)) // its Close is a reset
	require.NoError(t, client.Close())
	require.ErrorContains(t, c.fill(&b), "reset")
}

// What the client does not read now is not waited for.
func TestDescriptorWritesWhatGoes(t *testing.T) {
	c, client := connected(t)
	sent := make([]byte, 64<<20) // more than the buffers of both ends
	for i := range sent {
		sent[i] = byte(i >> 8)
	}
	n := c.writeNow(sent)
	require.Positive(t, n)
	require.Less(t, n, len(sent))
	for m := c.writeNow(sent[n:]); m > 0; m = c.writeNow(sent[n:]) {
		n += m // the client's end has taken more meanwhile
	}
	got := make([]byte, n)
	_, err := io.ReadFull(client, got)
	require.NoError(t, err)
	require.Equal(t, sent[:n], got)

	require.NoError(t, c.SetWriteDeadline(time.Unix(1, 0)))
	require.Zero(t, c.writeNow(sent[:1]), "Write will say why")
	require.NoError(t, c.SetWriteDeadline(time.Time{}))
	require.Equal(t, 1, c.writeNow(sent[:1]))
	require.NoError(t, c.Close())
	require.Zero(t, c.writeNow(sent[:1]))
}

// A connection without a descriptor is read as any reader is.
func TestConnWithoutDescriptor(t *testing.T) {
	near, far := net.Pipe()
	defer func() { _ = near.Close() }()
	c := newConn(&limitedConn{Conn: near})
	require.Nil(t, c.raw)
	require.Zero(t, c.writeNow([]byte("reply")))
	go func() {
		_, _ = io.WriteString(far, "request")
		_ = far.Close()
	}()
	b := buffer{memory: new(memory), max: 1 << 20}
	require.NoError(t, c.fill(&b))
	require.Equal(t, "request", string(b.unread()))
	require.ErrorIs(t, c.fill(&b), io.EOF)
}

func TestRenewed(t *testing.T) {
	const timeout = 8 * time.Minute
	now := time.Unix(1e9, 0)
	in := func(d time.Duration) time.Time { return now.Add(d) }
	for name, c := range map[string]struct {
		old     time.Time
		timeout time.Duration
		want    time.Time
		due     bool
	}{
		"first":           {time.Time{}, timeout, in(9 * time.Minute), true},
		"just set":        {in(9 * time.Minute), timeout, in(9 * time.Minute), false},
		"not too early":   {in(8 * time.Minute), timeout, in(9 * time.Minute), false},
		"too early":       {in(8*time.Minute - 1), timeout, in(9 * time.Minute), true},
		"of another kind": {in(9*time.Minute + 1), timeout, in(9 * time.Minute), true},
		"none":            {time.Time{}, 0, time.Time{}, false},
		"none any more":   {in(1), 0, time.Time{}, true},
	} {
		got, due := renewed(c.old, now, c.timeout)
		require.Equal(t, c.due, due, name)
		require.Equal(t, c.want, got, name)
	}
}
