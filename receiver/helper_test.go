package receiver

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g"
	"transfer/g/metric"
	"transfer/g/stat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store is an Acceptor that keeps what it is given.
type store struct {
	mu      sync.Mutex
	points  []metric.Point
	refuse  int           // so many calls first
	refused chan struct{} // hears of each refused call, unless nil
	entered chan struct{} // hears of each call, unless nil
	hold    chan struct{} // each call waits until it is closed, unless nil
	panics  bool
}

var errLater = errors.New("retry: later")

func (s *store) Accept(b *metric.Batch) (invalid int, err error) {
	if s.entered != nil {
		s.entered <- struct{}{}
	}
	if s.hold != nil {
		<-s.hold
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.panics {
		panic("made to")
	}
	if s.refuse > 0 {
		if s.refuse--; s.refused != nil {
			s.refused <- struct{}{}
		}
		return 0, errLater
	}
	for _, p := range b.Points {
		p.Endpoint, p.Metric, p.RawTags = strings.Clone(p.Endpoint), strings.Clone(p.Metric), strings.Clone(p.RawTags)
		if p.Refused == metric.Accepted && p.Type == metric.NoType {
			p.Refused = metric.BadType
		}
		if p.Refused != metric.Accepted {
			invalid++
		}
		s.points = append(s.points, p)
	}
	return invalid, nil
}

// all returns the points taken so far.
func (s *store) all() []metric.Point {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]metric.Point(nil), s.points...)
}

// waitFor waits until n points were taken and returns them.
func (s *store) waitFor(t *testing.T, n int) []metric.Point {
	t.Helper()
	require.Eventually(t, func() bool { return len(s.all()) >= n }, 10*time.Second, time.Millisecond)
	require.Len(t, s.all(), n)
	return s.all()
}

// testLimits are limits that no test meets by chance.
func testLimits() g.Limits {
	return g.Limits{
		Connections: 1000, ConnectionsPerIP: 1000, RequestBytes: 4 << 20, PointsPerRequest: 10_000,
		IdleTimeout: time.Minute, HeaderTimeout: time.Minute, RequestTimeout: time.Minute,
	}
}

// door is a receiver under test.
type door struct {
	*Server
	*store
	counts *stat.Receiver
}

func testCounts() *stat.Receiver { return stat.NewReceiver("test", metric.Reasons()) }

type listenFunc func(net.Listener, g.Limits, Acceptor, *stat.Receiver, *slog.Logger) *Server

// bound returns a listener on a free port.
func bound(t testing.TB) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return ln
}

// open starts a receiver on a free port and stops it when the test ends.
func open(t *testing.T, listen listenFunc, limits g.Limits, s *store) door {
	t.Helper()
	counts := testCounts()
	server := listen(bound(t), limits, s, counts, slog.New(slog.DiscardHandler))
	server.Start()
	t.Cleanup(func() { require.NoError(t, server.Stop(context.Background())) })
	return door{server, s, counts}
}

// dial connects to the receiver; reads and writes fail after a while.
func (d door) dial(t *testing.T) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", d.Addr().String())
	require.NoError(t, err)
	require.NoError(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	t.Cleanup(func() { _ = c.Close() })
	return c.(*net.TCPConn)
}

// write sends text whole.
func write(t *testing.T, c net.Conn, text string) {
	t.Helper()
	_, err := io.WriteString(c, text)
	require.NoError(t, err)
}

// talk sends text, ends its side of the connection and returns all replies.
func (d door) talk(t *testing.T, text string) string {
	t.Helper()
	c := d.dial(t)
	write(t, c, text)
	require.NoError(t, c.CloseWrite())
	return rest(t, c)
}

// rest returns what comes until the receiver closes the connection.
func rest(t *testing.T, c net.Conn) string {
	t.Helper()
	text, err := io.ReadAll(c)
	var netErr net.Error
	if errors.As(err, &netErr) {
		require.False(t, netErr.Timeout(), "connection was not closed")
	}
	return string(text)
}

// trouble waits until the trouble was counted n times.
func (d door) trouble(t *testing.T, name string, n uint64) {
	t.Helper()
	require.Eventually(t, func() bool { return d.counts.Closed.All()[name] == n }, 10*time.Second, time.Millisecond, name)
}
