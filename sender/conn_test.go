package sender

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g/metric"
	"transfer/sender/queue"
)

// wire is one way to talk to a backend, for tests that hold for all of them.
type wire struct {
	name    string
	backend func(t testing.TB, callTimeout time.Duration) Backend
	good    string // a good reply to the first call
	refused string // a reply that refuses for good
	busy    string // a reply that asks to try again
	wrong   string // a reply to another call
	noise   string // bytes that nobody asked for
	endless string // what begins a reply that does not end
}

func wires(t testing.TB) []wire {
	backend := func(name, protocol, scheme string) func(testing.TB, time.Duration) Backend {
		return func(t testing.TB, callTimeout time.Duration) Backend {
			s := section(name, scheme+"127.0.0.1:1")
			s.Protocol, s.CallTimeout = protocol, callTimeout
			return build(t, name, s, 30).Backend
		}
	}
	gobReply := func(seq uint64, text string) string { return string(gobReplyBytes(t, seq, text)) }
	http := func(status, body string) string { return "HTTP/1.1 " + status + "\r\n" + body }
	return []wire{
		{
			name: "gob", backend: backend("graph", "", ""),
			good: gobReply(0, ""), refused: gobReply(0, "no such RRD"), busy: gobReply(0, "rpc: can't find service Graph.Send"),
			wrong: gobReply(1, ""), noise: "x", endless: "\xfc\x40\x00\x00\x00",
		},
		{
			name: "json", backend: backend("transfer", "", ""),
			good:    `{"id":1,"result":{"Message":"ok","Total":1,"Invalid":0,"Latency":0},"error":null}` + "\n",
			refused: `{"id":1,"result":null,"error":"no such thing"}`, busy: `{"id":1,"result":null,"error":"retry: full"}`,
			wrong: `{"id":2,"result":{},"error":null}`, noise: "x", endless: `{"id":1,"error":"`,
		},
		{
			name: "tsdb http", backend: backend("tsdb", "http", ""),
			good:    http("204 No Content", "\r\n"),
			refused: http("400 Bad Request", "Content-Length: 3\r\n\r\nbad"), busy: http("503 Service Unavailable", "Content-Length: 0\r\n\r\n"),
			wrong: "nonsense\r\n\r\n", noise: "x", endless: "HTTP/1.1 ",
		},
		{
			name: "influxdb", backend: backend("influxdb", "", "http://"),
			good:    http("204 No Content", "\r\n"),
			refused: http("400 Bad Request", "Content-Length: 3\r\n\r\nbad"), busy: http("429 Too Many Requests", "Content-Length: 0\r\n\r\n"),
			wrong: "nonsense\r\n\r\n", noise: "x", endless: "HTTP/1.1 500 Oops\r\n\r\n",
		},
	}
}

// address is what Dial takes for the host:port of a peer.
func (w wire) address(hostPort string) string {
	if w.name == "influxdb" {
		return "http://" + hostPort
	}
	return hostPort
}

// onEachWire runs a test for each wire.
func onEachWire(t *testing.T, test func(t *testing.T, w wire)) {
	for _, w := range wires(t) {
		t.Run(w.name, func(t *testing.T) {
			t.Cleanup(func() { goleak.VerifyNone(t) })
			test(t, w)
		})
	}
}

// onePoint is a Block of one point.
func onePoint(b Backend) *queue.Block {
	return blockOf(b, []metric.Point{point("host", "cpu", "k=v", 1)})
}

// rest makes a connection look as if it had been idle for long.
func rest(c Conn) Conn {
	c.(interface{ rest() }).rest()
	return c
}

func (c *tcp) rest() { c.used = time.Time{} }

// readCall waits for a call's first bytes.
func readCall(c net.Conn) {
	_, _ = c.Read(make([]byte, 64<<10))
}

// answers is a peer that answers its calls with replies, one after another, and
// then waits until the relay closes.
func answers(replies ...string) func(net.Conn) {
	return func(c net.Conn) {
		for _, reply := range replies {
			readCall(c)
			_, _ = io.WriteString(c, reply)
		}
		_, _ = io.Copy(io.Discard, c)
	}
}

// callFails dials a peer, calls it and returns the error.
func callFails(t *testing.T, w wire, callTimeout time.Duration, script func(net.Conn)) error {
	t.Helper()
	b := w.backend(t, callTimeout)
	c := dial(t, b, w.address(serve(t, script)))
	require.NoError(t, c.Send(onePoint(b)))
	r, err := c.Confirm()
	require.Error(t, err)
	require.Zero(t, r)
	return err
}

// transport asserts that err concerns the connection.
func transport(t *testing.T, err error) {
	t.Helper()
	transportOf(t, err, "127.0.0.1:")
}

// transportOf is transport for a peer of another address.
func transportOf(t *testing.T, err error, address string) {
	t.Helper()
	require.Error(t, err)
	var refusal *Refusal
	require.False(t, errors.As(err, &refusal), "%v", err)
	require.Contains(t, err.Error(), address)
	require.Less(t, len(err.Error()), 1000)
}

func TestGoodReply(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		b := w.backend(t, 5*time.Second)
		c := dial(t, b, w.address(serve(t, answers(w.good))))
		require.Equal(t, Receipt{Blocks: 1}, send(t, c, onePoint(b)))
		require.NoError(t, rest(c).Check())
	})
}

func TestReplyInPieces(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		b := w.backend(t, 5*time.Second)
		c := dial(t, b, w.address(serve(t, func(c net.Conn) {
			readCall(c)
			for i := range len(w.good) {
				_, _ = io.WriteString(c, w.good[i:i+1])
				time.Sleep(time.Millisecond) // so that the pieces are not joined
			}
			_, _ = io.Copy(io.Discard, c)
		})))
		require.Equal(t, Receipt{Blocks: 1}, send(t, c, onePoint(b)))
		require.NoError(t, rest(c).Check())
	})
}

func TestRefusals(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		for permanent, reply := range map[bool]string{true: w.refused, false: w.busy} {
			err := callFails(t, w, 5*time.Second, answers(reply))
			var refusal *Refusal
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, permanent, refusal.Permanent, "%v", err)
		}
	})
}

func TestNobodyListens(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, l.Close())
		_, err = w.backend(t, time.Second).Dial(context.Background(), w.address(l.Addr().String()))
		require.ErrorContains(t, err, "cannot connect to "+l.Addr().String())
	})
}

func TestHungPeer(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		err := callFails(t, w, 50*time.Millisecond, answers())
		transport(t, err)
		require.ErrorContains(t, err, "callTimeout")
	})
}

func TestHungPeerMidReply(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		transport(t, callFails(t, w, 50*time.Millisecond, answers(w.good[:len(w.good)/2])))
	})
}

func TestResetMidReply(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		for _, size := range []int{0, 1, len(w.good) / 2, len(w.good) - 2} {
			transport(t, callFails(t, w, 5*time.Second, func(c net.Conn) {
				readCall(c)
				_, _ = io.WriteString(c, w.good[:size])
				_ = c.(*net.TCPConn).SetLinger(0)
			}))
		}
	})
}

func TestCloseMidReply(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		for size := range len(w.good) - 2 {
			transport(t, callFails(t, w, 5*time.Second, func(c net.Conn) {
				readCall(c)
				_, _ = io.WriteString(c, w.good[:size])
			}))
		}
	})
}

func TestReplyToAnotherCall(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		transport(t, callFails(t, w, 5*time.Second, answers(w.wrong)))
	})
}

func TestEndlessReply(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		b := w.backend(t, 5*time.Second)
		c := dial(t, b, w.address(serve(t, func(c net.Conn) {
			readCall(c)
			_, _ = io.WriteString(c, w.endless)
			for err := error(nil); err == nil; {
				_, err = io.WriteString(c, strings.Repeat("a", 64<<10))
			}
		})))
		require.NoError(t, c.Send(onePoint(b)))
		started := time.Now()
		_, err := c.Confirm()
		require.Error(t, err)
		require.Less(t, time.Since(started), 5*time.Second, "read until the timeout")
		require.Less(t, len(err.Error()), 1000)
	})
}

func TestCheckNotices(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		for name, then := range map[string]func(net.Conn){
			"a closed connection": func(net.Conn) {},
			"a reset connection":  func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) },
			"noise": func(c net.Conn) {
				_, _ = io.WriteString(c, w.noise)
				_, _ = io.Copy(io.Discard, c)
			},
		} {
			proceed := make(chan struct{})
			b := w.backend(t, 5*time.Second)
			c := dial(t, b, w.address(serve(t, func(c net.Conn) {
				readCall(c)
				_, _ = io.WriteString(c, w.good)
				<-proceed
				then(c)
			})))
			require.Equal(t, Receipt{Blocks: 1}, send(t, c, onePoint(b)))
			require.NoError(t, rest(c).Check())
			close(proceed)
			require.Eventually(t, func() bool { return rest(c).Check() != nil }, 5*time.Second, time.Millisecond, name)
		}
	})
}

func TestCheckAfterALongPause(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		b := w.backend(t, 50*time.Millisecond)
		c := dial(t, b, w.address(serve(t, answers(w.good))))
		require.Equal(t, Receipt{Blocks: 1}, send(t, c, onePoint(b)))
		<-time.After(60 * time.Millisecond) // the deadline of the call is over
		require.NoError(t, rest(c).Check())
	})
}

// To look at a connection takes two calls of the kernel: one that was used a moment
// ago is trusted.
func TestBusyConnectionIsNotLookedAt(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		b := w.backend(t, 5*time.Second)
		c := dial(t, b, w.address(serve(t, func(c net.Conn) {
			readCall(c)
			_, _ = io.WriteString(c, w.good)
		})))
		require.Equal(t, Receipt{Blocks: 1}, send(t, c, onePoint(b)))
		require.Eventually(t, func() bool { return rest(c).Check() != nil }, 5*time.Second, time.Millisecond)
		require.NoError(t, c.Send(onePoint(b)), "which begins a call")
		require.NoError(t, c.Check())
		_, err := c.Confirm()
		transport(t, err)
	})
}

func TestCloseEndsTheCall(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		called := make(chan struct{})
		b := w.backend(t, time.Minute)
		c := dial(t, b, w.address(serve(t, func(c net.Conn) {
			readCall(c)
			close(called)
			_, _ = io.Copy(io.Discard, c)
		})))
		ended := make(chan error, 1)
		go func() {
			err := c.Send(onePoint(b))
			if err == nil {
				_, err = c.Confirm()
			}
			ended <- err
		}()
		<-called
		require.NoError(t, c.Close())
		require.Error(t, <-ended)
		require.NoError(t, c.Close())
		require.Error(t, rest(c).Check())
	})
}

func TestNewConnectionAfterATimeoutGetsItsOwnReply(t *testing.T) {
	onEachWire(t, func(t *testing.T, w wire) {
		late := make(chan struct{})
		calls := make(chan net.Conn, 2)
		b := w.backend(t, 100*time.Millisecond)
		address := w.address(serve(t, func(c net.Conn) {
			readCall(c)
			calls <- c
			if len(calls) == 1 { // the first: its reply comes too late
				<-late
			}
			_, _ = io.WriteString(c, w.good)
			_, _ = io.Copy(io.Discard, c)
		}))
		first := dial(t, b, address)
		require.NoError(t, first.Send(onePoint(b)))
		_, err := first.Confirm()
		transport(t, err)
		require.NoError(t, first.Close())
		close(late)
		require.Equal(t, Receipt{Blocks: 1}, send(t, dial(t, b, address), onePoint(b)))
	})
}
