package receiver

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g"
	"transfer/g/stat"
)

// frontDoor is a Front with a Push and the server behind it.
type frontDoor struct {
	*store
	front  *Front
	push   *Push
	counts *stat.Receiver
}

// openFront starts them on a free port and stops them when the test ends.
func openFront(t *testing.T, limits g.Limits, s *store) *frontDoor {
	t.Helper()
	push, counts := newTestPush(limits, s)
	d := &frontDoor{s, NewFront(bound(t), push, slog.New(slog.DiscardHandler)), push, counts}
	behind := &http.Server{ReadTimeout: limits.RequestTimeout, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	behind.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("X-Behind", "1")
		push.ServeHTTP(w, r)
	})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = behind.Serve(d.front) // ends with it
	}()
	d.front.Start()
	t.Cleanup(func() {
		require.NoError(t, d.front.Stop(context.Background()))
		require.NoError(t, behind.Close())
		<-ended
	})
	return d
}

// frontClient is a connection to a Front.
type frontClient struct {
	t *testing.T
	*net.TCPConn
	in *bufio.Reader
}

func (d *frontDoor) dial(t *testing.T) *frontClient {
	c := door{Server: d.front.Server}.dial(t)
	return &frontClient{t, c, bufio.NewReader(c)}
}

// reply reads the next reply, and tells whether it is the server's.
func (c *frontClient) reply() (status int, body string, behind bool) {
	c.t.Helper()
	r, err := http.ReadResponse(c.in, nil)
	require.NoError(c.t, err)
	defer func() { _ = r.Body.Close() }()
	text, err := io.ReadAll(r.Body)
	require.NoError(c.t, err)
	return r.StatusCode, latency().ReplaceAllString(string(text), `"Latency":0`), r.Header.Get("X-Behind") != ""
}

// accepted is the reply to so many points.
func accepted(total int) string {
	return `{"msg":"success","data":{"Message":"ok","Total":` + strconv.Itoa(total) + `,"Invalid":0,"Latency":0}}`
}

// gets sends text and holds the reply to it.
func (c *frontClient) gets(text string, status int, body string, behind bool) {
	c.t.Helper()
	write(c.t, c, text)
	gotStatus, gotBody, gotBehind := c.reply()
	require.Equal(c.t, status, gotStatus)
	require.Equal(c.t, body, gotBody)
	require.Equal(c.t, behind, gotBehind, text)
}

func TestFrontTakesUsualRequests(t *testing.T) {
	d := openFront(t, testLimits(), new(store))
	c := d.dial(t)
	one := usualPush("[" + onePoint + "]")
	c.gets(one, 200, accepted(1), false)
	c.gets(usualPush("[]"), 200, accepted(0), false)
	large := usualPush("[" + onePoint + strings.Repeat(","+onePoint, 2000) + "]")
	require.Greater(t, len(large), 2*readBytes)
	c.gets(large, 200, accepted(2001), false)

	write(t, c, one+large+one) // many at once
	for _, n := range []int{1, 2001, 1} {
		status, body, behind := c.reply()
		require.Equal(t, 200, status)
		require.Equal(t, accepted(n), body)
		require.False(t, behind)
	}

	head, body, _ := strings.Cut(one, "\r\n\r\n")
	write(t, c, head+"\r\n\r\n"+body[:10]) // a body in parts
	time.Sleep(10 * time.Millisecond)
	c.gets(body[10:], 200, accepted(1), false)
	d.waitFor(t, 1+2001+1+2001+1+1)
	require.EqualValues(t, 7, d.counts.Requests.Load())
	require.Empty(t, d.counts.Closed.NonZero())
	require.EqualValues(t, 1, d.counts.Open.Load())
}

// From the first unusual request on the server has the connection; no request is answered
// twice or lost, none is counted twice.
func TestFrontPassesOnWhatIsUnusual(t *testing.T) {
	one := usualPush("[" + onePoint + "]")
	limits := testLimits()
	limits.RequestBytes, limits.PointsPerRequest = 1000, 3
	for name, c := range map[string]struct {
		text    string
		status  int
		body    string
		trouble string // that is counted; empty: none
	}{
		"another field":    {strings.Replace(one, "Host:", "X-Own: 1\r\nHost:", 1), 200, accepted(1), ""},
		"another method":   {strings.Replace(one, "POST", "PUT", 1), 200, accepted(1), ""},
		"chunked":          {pushLine + "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n", 200, accepted(0), ""},
		"no JSON":          {usualPush("{}"), 400, "decode error\n", "malformed"},
		"no body":          {usualPush(""), 400, "blank body\n", "malformed"},
		"too many points":  {usualPush("[1,2,3,4]"), 413, "too many points: at most 3 in one request\n", "too_many_points"},
		"too large":        {usualPush("[" + strings.Repeat(" ", 1000) + "]"), 413, "body too large: at most 1000 bytes\n", "too_large"},
		"a field of 3 KiB": {strings.Replace(one, "Host:", "Accept: "+strings.Repeat("a", 3<<10)+"\r\nHost:", 1), 200, accepted(1), ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := openFront(t, limits, new(store))
			client := d.dial(t)
			client.gets(one, 200, accepted(1), false)
			write(t, client, one+c.text) // at once: one for each
			_, _, behind := client.reply()
			require.False(t, behind)
			status, body, behind := client.reply()
			require.Equal(t, []any{c.status, c.body, true}, []any{status, body, behind})
			if c.trouble != "" {
				require.Equal(t, map[string]uint64{c.trouble: 1}, d.counts.Closed.NonZero())
				return
			}
			client.gets(one, 200, accepted(1), true)
			require.EqualValues(t, 4, d.counts.Requests.Load())
		})
	}
}

func TestFrontPassesOnHalfAHead(t *testing.T) {
	d := openFront(t, testLimits(), new(store))
	one := usualPush("[" + onePoint + "]")
	for _, at := range []int{1, 10, len(pushLine), len(pushLine) + 5} {
		c := d.dial(t)
		write(t, c, one[:at])
		time.Sleep(10 * time.Millisecond)
		c.gets(one[at:], 200, accepted(1), true)
	}
}

// What the relay does not take now is the server's to refuse.
func TestFrontRefusesNothingItself(t *testing.T) {
	d := openFront(t, testLimits(), &store{refuse: 1})
	one := usualPush("[" + onePoint + "]")
	d.dial(t).gets(one, 200, accepted(1), true) // the server asked once more
	require.EqualValues(t, 1, d.counts.Requests.Load())
	require.NoError(t, d.push.Stop(context.Background()))
	d.dial(t).gets(one, 503, errNotReady.Error()+"\n", true)
	d.push.Start()
	d.push.memory.budget.left.Store(0)
	d.dial(t).gets(usualPush(strings.Repeat(" ", 200_000)), 503, "retry: "+errOverloaded.Error()+"\n", true)
	require.Equal(t, map[string]uint64{"not_ready": 1, "overloaded": 1}, d.counts.Closed.NonZero())
}

func TestFrontLimitsTheTimeOfABody(t *testing.T) {
	limits := testLimits()
	limits.RequestTimeout = 200 * time.Millisecond
	d := openFront(t, limits, new(store))
	c := d.dial(t)
	one := usualPush("[" + onePoint + "]")
	c.gets(one, 200, accepted(1), false)
	c.gets(one[:len(one)-1], 408, "body not sent in time\n", true)
	require.Equal(t, map[string]uint64{"timed_out": 1}, d.counts.Closed.NonZero())
}

func TestFrontLetsSilentClientsGo(t *testing.T) {
	limits := testLimits()
	limits.IdleTimeout, limits.HeaderTimeout = 20*time.Millisecond, 20*time.Millisecond
	d := openFront(t, limits, new(store))
	silent, done := d.dial(t), d.dial(t)
	done.gets(usualPush("[]"), 200, accepted(0), false)
	require.Empty(t, rest(t, silent))
	require.Empty(t, rest(t, done))
	gone := d.dial(t)
	require.NoError(t, gone.Close())
	require.Eventually(t, func() bool { return d.counts.Open.Load() == 0 }, 10*time.Second, time.Millisecond)
	require.Empty(t, d.counts.Closed.NonZero())
}

// A client that is gone in the middle of a request has sent none.
func TestFrontMeetsTheEnd(t *testing.T) {
	d := openFront(t, testLimits(), new(store))
	c := d.dial(t)
	one := usualPush("[" + onePoint + "]")
	write(t, c, one[:len(one)-1])
	require.NoError(t, c.CloseWrite())
	status, body, behind := c.reply()
	require.Equal(t, []any{400, "decode error\n", true}, []any{status, body, behind})
	require.Empty(t, d.all())
	require.Eventually(t, func() bool { return d.counts.Open.Load() == 0 }, 10*time.Second, time.Millisecond)
}

// Stop lets a request in flight be answered, closes what is idle and cuts off the rest.
func TestFrontStops(t *testing.T) {
	s := &store{entered: make(chan struct{}), hold: make(chan struct{})}
	d := openFront(t, testLimits(), s)
	idle, half, busy := d.dial(t), d.dial(t), d.dial(t)
	one := usualPush("[" + onePoint + "]")
	write(t, half, one[:len(one)-1])
	write(t, busy, one)
	<-s.entered
	require.Eventually(t, func() bool { return d.counts.Open.Load() == 3 }, 10*time.Second, time.Millisecond)
	stopped := make(chan error, 1)
	go func() { stopped <- d.front.Stop(context.Background()) }()
	require.Empty(t, rest(t, idle))
	require.Empty(t, rest(t, half))
	select {
	case err := <-stopped:
		require.Fail(t, "a request is not answered yet", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(s.hold)
	status, _, behind := busy.reply()
	require.Equal(t, 200, status)
	require.False(t, behind)
	require.NoError(t, <-stopped)
	_, err := d.front.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
	require.NoError(t, d.front.Close())
}

// Nobody accepts: a connection that is to be passed on ends with the Front.
func TestFrontStopsWithoutAServer(t *testing.T) {
	push, counts := newTestPush(testLimits(), new(store))
	f := NewFront(bound(t), push, slog.New(slog.DiscardHandler))
	f.Start()
	c := door{Server: f.Server}.dial(t)
	write(t, c, "GET / HTTP/1.1\r\n\r\n")
	require.Eventually(t, func() bool { return counts.Open.Load() == 1 }, 10*time.Second, time.Millisecond)
	require.NoError(t, f.Stop(context.Background()))
	require.Empty(t, rest(t, c))
	require.Zero(t, counts.Open.Load())
}

func TestFrontSurvivesAPanic(t *testing.T) {
	d := openFront(t, testLimits(), &store{panics: true})
	c := d.dial(t)
	write(t, c, usualPush("["+onePoint+"]"))
	require.Empty(t, rest(t, c))
	require.Equal(t, map[string]uint64{"panicked": 1}, d.counts.Closed.NonZero())
	d.dial(t).gets("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method not allowed\n", true)
}

func TestBegunConn(t *testing.T) {
	ours, theirs := net.Pipe()
	push, _ := newTestPush(testLimits(), new(store))
	in := buffer{memory: &push.memory, max: 100}
	require.NoError(t, in.fill(strings.NewReader("begun")))
	fault := errors.New("made to")
	c := &begunConn{Conn: ours, in: in, fault: fault}
	p := make([]byte, 3)
	for _, want := range []string{"beg", "un"} {
		n, err := c.Read(p)
		require.NoError(t, err)
		require.Equal(t, want, string(p[:n]))
	}
	_, err := c.Read(p)
	require.ErrorIs(t, err, fault)
	require.NoError(t, c.Close())
	_, err = theirs.Read(p)
	require.ErrorIs(t, err, io.EOF)
}
