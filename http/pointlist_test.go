package http

import (
	"bufio"
	"context"
	"io"
	"net"
	nethttp "net/http"
	"testing"
	"time"

	jsoniter "github.com/json-iterator/go"
	"github.com/stretchr/testify/require"

	"transfer/g/stat"
)

// longBacklog is a backlog without an end, of which it notes when a visitor leaves.
type longBacklog struct {
	fakeBacklog
	points int           // after which it ends nevertheless; 0: never
	pause  time.Duration // before each
	left   chan int      // points that were shown then
}

func (b *longBacklog) Points(_ stat.Backlog, show func(stat.BacklogPoint) bool) (uint64, error) {
	n := 0
	for show(stat.BacklogPoint{Target: "tsdb", Number: uint64(n + 1), Text: "put"}) {
		if n++; n == b.points {
			break
		}
		time.Sleep(b.pause)
	}
	b.left <- n
	return 0, nil
}

// longRelay has that backlog.
type longRelay struct {
	*fakeRelay
	backlog *longBacklog
}

func (r longRelay) Spools() Backlog { return r.backlog }

// impatient serves the backlog with limits of time that a long list exceeds.
func impatient(t *testing.T, b *longBacklog) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	section := testSection()
	section.RequestTimeout = 500 * time.Millisecond
	s := New(listener, section, false, longRelay{newFakeRelay(), b}, echo(), quiet())
	s.Start()
	t.Cleanup(func() { require.NoError(t, s.Stop(context.WithoutCancel(t.Context()))) })
	return listener.Addr().String()
}

const showAll = "GET /api/spool/show?target=tsdb&limit=0 HTTP/1.1\r\nHost: h\r\n\r\n"

// A list lasts as long as its client takes it, whatever a request may last.
func TestLongListIsShownWhole(t *testing.T) {
	b := &longBacklog{points: 50, pause: 50 * time.Millisecond, left: make(chan int, 1)}
	conn, err := net.Dial("tcp", impatient(t, b))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, showAll)
	require.NoError(t, err)
	reply, err := nethttp.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer func() { _ = reply.Body.Close() }()
	var shown struct{ Points []stat.BacklogPoint }
	require.NoError(t, jsoniter.NewDecoder(reply.Body).Decode(&shown))
	require.Len(t, shown.Points, b.points)
	require.Equal(t, b.points, <-b.left)
}

// A list is written while it is read, and ends with its client: when that closes, and
// when it takes nothing more.
func TestListEndsWithItsClient(t *testing.T) {
	for name, leave := range map[string]func(net.Conn) error{
		"closes":        net.Conn.Close,
		"takes nothing": func(net.Conn) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			b := &longBacklog{left: make(chan int, 1)}
			conn, err := net.Dial("tcp", impatient(t, b))
			require.NoError(t, err)
			defer func() { _ = conn.Close() }()
			_, err = io.WriteString(conn, showAll)
			require.NoError(t, err)
			const some = 1 << 20
			_, err = io.CopyN(io.Discard, conn, some)
			require.NoError(t, err)
			require.Empty(t, b.left, "there is more to come")
			require.NoError(t, leave(conn))
			require.Greater(t, <-b.left, some/200)
		})
	}
}

// A client that wants the head only costs nothing.
func TestHeadOfAList(t *testing.T) {
	b := &longBacklog{left: make(chan int, 1)}
	reply := from(unstarted(t, longRelay{newFakeRelay(), b}, false), "10.0.0.1:1", "HEAD", "/api/spool/show?target=tsdb&limit=0")
	require.Equal(t, 200, reply.Code)
	require.Equal(t, typeJSON, reply.Header().Get("Content-Type"))
	require.Equal(t, 1, <-b.left)
}
