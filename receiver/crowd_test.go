package receiver

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// manyPoints is an array whose points take far more memory than its text.
func manyPoints() string { return "[" + strings.Repeat("{       },", readBytes/10+1) + "{}]" }

// onlySome checks that of many large requests largeAtOnce reach the store, while a
// small one finds its way past those that wait; then it lets all of them go, also
// when it fails.
func onlySome(t *testing.T, s *store, small func()) {
	t.Helper()
	enter := func(timeout time.Duration) bool {
		select {
		case <-s.entered:
			return true
		case <-time.After(timeout):
			return false
		}
	}
	entered := 0
	for entered < largeAtOnce() && enter(10*time.Second) {
		entered++
	}
	small()
	smallEntered := enter(10 * time.Second)
	more := enter(100 * time.Millisecond)
	go func() {
		for range s.entered { // closed by the caller
		}
	}()
	close(s.hold)
	require.Equal(t, largeAtOnce(), entered)
	require.True(t, smallEntered)
	require.False(t, more, "one more large request than may be in work")
}

func TestRPCLargeRequestsAreDecodedFewAtATime(t *testing.T) {
	s := &store{entered: make(chan struct{}), hold: make(chan struct{})}
	d := open(t, ListenRPC, testLimits(), s)
	update := func(points string) *net.TCPConn {
		c := d.dial(t)
		write(t, c, `{"method":"Transfer.Update","params":[`+points+`],"id":1}`)
		require.NoError(t, c.CloseWrite())
		return c
	}
	var clients []*net.TCPConn
	for range 2 * largeAtOnce() {
		clients = append(clients, update(manyPoints()))
	}
	onlySome(t, s, func() { clients = append(clients, update("[{}]")) })
	for _, c := range clients {
		require.Contains(t, rest(t, c), `"Message":"ok"`)
	}
	close(s.entered)
}

func TestPushLargeRequestsAreDecodedFewAtATime(t *testing.T) {
	s := &store{entered: make(chan struct{}), hold: make(chan struct{})}
	p := NewPush(testLimits(), s, testCounts())
	p.Start()
	codes := make(chan int, 100)
	push := func(points string) {
		reply := httptest.NewRecorder()
		p.ServeHTTP(reply, httptest.NewRequest(http.MethodPost, "/api/push", strings.NewReader(points)))
		codes <- reply.Code
	}
	for range 2 * largeAtOnce() {
		go push(manyPoints())
	}
	onlySome(t, s, func() { go push("[{}]") })
	for range 2*largeAtOnce() + 1 {
		require.Equal(t, http.StatusOK, <-codes)
	}
	close(s.entered)
}

func TestRPCPanicGivesItsPlaceBack(t *testing.T) {
	s := &store{panics: true}
	d := open(t, ListenRPC, testLimits(), s)
	for range 2 * largeAtOnce() {
		c := d.dial(t)
		write(t, c, `{"method":"Transfer.Update","params":[`+manyPoints()+`],"id":1}`)
		require.Empty(t, rest(t, c))
	}
}

// TestFlushKeepsNoLargeReply: an idle client whose last id was long must not hold
// the memory of its reply.
func TestFlushKeepsNoLargeReply(t *testing.T) {
	near, far := net.Pipe()
	defer func() { _ = near.Close() }()
	got := make(chan []byte, 1)
	go func() {
		all, _ := io.ReadAll(far)
		got <- all
	}()
	c := newClient(newPort(testLimits(), new(store), testCounts()), newConn(near), 0)
	text := bytes.Repeat([]byte("x"), 1<<20)
	_, _ = c.Write(text)
	require.NoError(t, c.flush())
	require.LessOrEqual(t, cap(c.out), 2*flushBytes)
	_, _ = c.Write([]byte("y"))
	require.NoError(t, c.flush())
	kept := cap(c.out)
	require.Positive(t, kept)
	require.NoError(t, near.Close())
	require.Equal(t, append(text, 'y'), <-got)
}
