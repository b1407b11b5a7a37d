package sender

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/sender/queue"
)

// telnetTo connects to a scripted peer, with a clock that the test moves.
func telnetTo(t *testing.T, callTimeout time.Duration, script func(net.Conn)) (*telnetConn, *time.Time) {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	s := section("tsdb", serve(t, script))
	s.CallTimeout = callTimeout
	c := dial(t, build(t, "tsdb", s, 30).Backend, s.Address).(*telnetConn)
	clock := time.Unix(1700000000, 0)
	c.now = func() time.Time { return clock }
	return c, &clock
}

// lines is a Block of size bytes.
func lines(size int) *queue.Block {
	b := &queue.Block{Payload: []byte(strings.Repeat("a", size-1) + "\n")}
	b.Close(0)
	return b
}

func confirm(t *testing.T, c *telnetConn) Receipt {
	t.Helper()
	r, err := c.Confirm()
	require.NoError(t, err)
	return r
}

func drain(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// acknowledged waits until the peer's TCP has all that was written.
func acknowledged(t *testing.T, c *telnetConn) {
	t.Helper()
	require.Eventually(t, func() bool {
		n, err := c.unacknowledged()
		return err == nil && n == 0
	}, 5*time.Second, time.Millisecond)
}

func TestTelnetConfirmsAfterAQuietWhile(t *testing.T) {
	c, clock := telnetTo(t, 5*time.Second, drain)
	require.Zero(t, confirm(t, c))
	require.NoError(t, c.Send(lines(10)))
	require.NoError(t, c.Send(lines(1000)))
	acknowledged(t, c)
	require.Zero(t, confirm(t, c)) // seen acknowledged here
	*clock = clock.Add(99 * time.Millisecond)
	require.Zero(t, confirm(t, c))
	require.NoError(t, c.Send(lines(10)))
	acknowledged(t, c)
	*clock = clock.Add(time.Millisecond)
	require.Equal(t, Receipt{Blocks: 2}, confirm(t, c))
	require.Zero(t, confirm(t, c))
	*clock = clock.Add(100 * time.Millisecond)
	require.Equal(t, Receipt{Blocks: 1}, confirm(t, c))
	require.NoError(t, rest(c).Check())
}

// hung is a peer that reads nothing.
func hung(t *testing.T) func(net.Conn) {
	return func(net.Conn) { <-t.Context().Done() }
}

func TestTelnetServerThatTakesNothing(t *testing.T) {
	c, _ := telnetTo(t, 100*time.Millisecond, hung(t))
	var err error
	for range 1000 { // until the buffers of both sides are full
		if err = c.Send(lines(1 << 20)); err != nil {
			break
		}
	}
	require.ErrorContains(t, err, "within callTimeout (100ms)")
}

func TestTelnetServerThatAcknowledgesNothing(t *testing.T) {
	c, clock := telnetTo(t, 5*time.Second, func(c net.Conn) {
		_ = c.(*net.TCPConn).SetReadBuffer(4096)
		hung(t)(c)
	})
	require.NoError(t, c.SetWriteBuffer(4<<20))
	var err error
	for err == nil { // into our own kernel's buffer, which the peer has no room for
		require.NoError(t, c.SetWriteDeadline(time.Now().Add(100*time.Millisecond)))
		var n int
		n, err = c.Write(make([]byte, 64<<10))
		c.written += int64(n)
	}
	c.flight = append(c.flight, telnetBlock{end: c.written})
	require.Zero(t, confirm(t, c))
	*clock = clock.Add(5 * time.Second)
	require.Zero(t, confirm(t, c))
	*clock = clock.Add(time.Millisecond)
	_, err = c.Confirm()
	require.ErrorContains(t, err, "it acknowledges nothing more within callTimeout (5s)")
}

func TestTelnetSlowServerIsNoHungOne(t *testing.T) {
	c, _ := telnetTo(t, 200*time.Millisecond, func(c net.Conn) {
		_ = c.(*net.TCPConn).SetReadBuffer(64 << 10)
		for buf := make([]byte, 1<<20); ; time.Sleep(10 * time.Millisecond) {
			if _, err := c.Read(buf); err != nil {
				return
			}
		}
	})
	require.NoError(t, c.SetWriteBuffer(64<<10))
	started := time.Now()
	for time.Since(started) < 500*time.Millisecond {
		require.NoError(t, c.Send(lines(8<<20)))
	}
}

func TestTelnetServerComplains(t *testing.T) {
	c, clock := telnetTo(t, 5*time.Second, func(c net.Conn) {
		readCall(c)
		_, _ = io.WriteString(c, "put: illegal argument: bad\nput: unknown metric\n")
		drain(c)
	})
	require.NoError(t, c.Send(lines(10)))
	acknowledged(t, c)
	var sum Receipt
	require.Eventually(t, func() bool {
		*clock = clock.Add(100 * time.Millisecond)
		r := confirm(t, c)
		sum.Blocks += r.Blocks
		sum.Rejected += r.Rejected
		if r.Complaint != "" {
			sum.Complaint = r.Complaint
		}
		return sum.Blocks == 1 && sum.Rejected == 2
	}, 5*time.Second, time.Millisecond)
	require.Equal(t, "put: illegal argument: bad", sum.Complaint)
	require.NoError(t, rest(c).Check())
}

func TestTelnetServerTalksWithoutEnd(t *testing.T) {
	c, _ := telnetTo(t, 5*time.Second, func(c net.Conn) {
		for err := error(nil); err == nil; {
			_, err = io.WriteString(c, strings.Repeat("error ", 10000)+"\n")
		}
	})
	total := 0
	require.Eventually(t, func() bool {
		r := confirm(t, c)
		require.LessOrEqual(t, len(r.Complaint), 600)
		total += r.Rejected
		return total > 100
	}, 10*time.Second, 100*time.Microsecond)
}

// What was acknowledged is not delivered when an error comes within the quiet
// while: the sender sends the whole window again.
func TestTelnetServerGoesAway(t *testing.T) {
	for name, leave := range map[string]func(c net.Conn){
		"close": func(net.Conn) {},
		"reset": func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) },
		"half close": func(c net.Conn) {
			_ = c.(*net.TCPConn).CloseWrite()
			drain(c)
		},
	} {
		t.Run(name, func(t *testing.T) {
			proceed := make(chan struct{})
			c, clock := telnetTo(t, 5*time.Second, func(c net.Conn) {
				readCall(c)
				<-proceed
				leave(c)
			})
			require.NoError(t, c.Send(lines(10)))
			acknowledged(t, c)
			require.Zero(t, confirm(t, c))
			close(proceed)
			require.Eventually(t, func() bool { return rest(c).Check() != nil }, 5*time.Second, time.Millisecond)
			*clock = clock.Add(100 * time.Millisecond)
			r, err := c.Confirm()
			require.Zero(t, r)
			transport(t, err)
		})
	}
}

func TestTelnetCloseEndsAWrite(t *testing.T) {
	c, _ := telnetTo(t, time.Minute, hung(t))
	ended := make(chan error, 1)
	go func() {
		var err error
		for err == nil {
			err = c.Send(lines(1 << 20))
		}
		ended <- err
	}()
	require.NoError(t, c.Close())
	require.Error(t, <-ended)
	require.NoError(t, c.Close())
}
