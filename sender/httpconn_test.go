package sender

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g/metric"
)

// script is an HTTP server that answers its calls in turn and keeps them.
type script struct {
	mu      sync.Mutex
	replies []func(http.ResponseWriter)
	calls   []string // method, URL, user, body
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	user, password, _ := r.BasicAuth()
	s.calls = append(s.calls, strings.Join([]string{r.Method, r.URL.String(), user + ":" + password, string(body)}, " "))
	reply := s.replies[0]
	s.replies = s.replies[1:]
	reply(w)
}

// status is a reply with a text.
func status(code int, text string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, text)
	}
}

func listenHTTP(t *testing.T, replies ...func(http.ResponseWriter)) (*script, string) {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	s := &script{replies: replies}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

func TestInfluxRequest(t *testing.T) {
	s, url := listenHTTP(t, status(204, ""), status(204, ""))
	config := section("influxdb", strings.Replace(url, "://", "://root:secret@", 1)+"/prefix/")
	config.DB, config.Precision = "my db", "ms"
	p := build(t, "influxdb", config, 30)
	require.Equal(t, []string{url + "/prefix"}, p.group, "no password is shown")
	require.Equal(t, Receipt{Blocks: 1}, send(t, dial(t, p.Backend, p.group[0]), onePoint(p)))

	config.Username, config.Password = "falcon", "pw"
	p = build(t, "influxdb", config, 30)
	require.Equal(t, Receipt{Blocks: 1}, send(t, dial(t, p.Backend, p.group[0]), onePoint(p)))
	require.Equal(t, []string{
		"POST /prefix/write?db=my+db&precision=ms root:secret cpu,endpoint=host,k=v value=1 1700000007000\n",
		"POST /prefix/write?db=my+db&precision=ms falcon:pw cpu,endpoint=host,k=v value=1 1700000007000\n",
	}, s.calls)
}

func TestTSDBRequest(t *testing.T) {
	s, url := listenHTTP(t, status(204, ""), status(200, `{"success":2}`))
	b := tsdbOver(t, "http", strings.TrimPrefix(url, "http://")).Backend
	c := dial(t, b, strings.TrimPrefix(url, "http://"))
	points := []metric.Point{point("host", "cpu", "k=v", 1), point("h 2", "m", "", -1e300)}
	require.Equal(t, Receipt{Blocks: 1}, send(t, c, blockOf(b, points)))
	require.Equal(t, Receipt{Blocks: 1}, send(t, c, blockOf(b, points[:1])))
	first := `{"metric":"cpu","timestamp":1700000007,"value":1,"tags":{"endpoint":"host","k":"v"}}`
	require.Equal(t, []string{
		"POST /api/put : [" + first + `,{"metric":"m","timestamp":1700000007,"value":-1e+300,"tags":{"endpoint":"h_2"}}]`,
		"POST /api/put : [" + first + "]",
	}, s.calls)
}

func TestHTTPStatus(t *testing.T) {
	tests := []struct {
		status    int
		permanent bool
	}{
		{301, false}, {400, true}, {401, false}, {403, false}, {404, false}, {405, false}, {408, false},
		{413, true}, {422, true}, {429, false}, {500, false}, {502, false}, {503, false}, {504, false},
	}
	for _, test := range tests {
		t.Run(http.StatusText(test.status), func(t *testing.T) {
			_, url := listenHTTP(t, status(test.status, "some\nwords"), status(204, ""))
			p := influxTo(t, url, "")
			c := dial(t, p.Backend, p.group[0])
			require.NoError(t, c.Send(onePoint(p)))
			_, err := c.Confirm()
			var refusal *Refusal
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, test.permanent, refusal.Permanent)
			require.ErrorContains(t, err, http.StatusText(test.status)+": some\nwords")
			// The connection is still good.
			require.Equal(t, Receipt{Blocks: 1}, send(t, c, onePoint(p)))
		})
	}
}

func TestInfluxPartialWrite(t *testing.T) {
	for text, want := range map[string]int{
		`{"error":"partial write: points beyond retention policy dropped=2"}`:                  2,
		`{"error":"partial write: field type conflict: \"x\" dropped=9 dropped=1"}`:            1,
		`{"error":"partial write: points beyond retention policy dropped=99"}`:                 3,
		`{"error":"partial write: unable to parse 'x dropped=3': bad timestamp dropped=0"}`:    0,
		`{"error":"partial write: points beyond retention policy"}`:                            0,
		`{"error":"unable to parse 'partial write: dropped=1'"}`:                               0,
		`{"error":"partial write: x dropped=-1"}`:                                              0,
		`partial write: x dropped=1`:                                                           0,
		``:                                                                                     0,
		`{"error":"partial write: ` + strings.Repeat("long ", maxReply) + ` dropped=1"}`:       0,
		`{"error":"partial write: x dropped=99999999999999999999999999999999999999999999999"}`: 0,
	} {
		t.Run("", func(t *testing.T) {
			_, url := listenHTTP(t, status(400, text))
			p := influxTo(t, url, "")
			c := dial(t, p.Backend, p.group[0])
			require.NoError(t, c.Send(blockOf(p, oddPoints()[:3])))
			r, err := c.Confirm()
			if want > 0 {
				require.NoError(t, err)
				require.Equal(t, Receipt{Blocks: 1, Rejected: want, Complaint: r.Complaint}, r)
				require.Contains(t, r.Complaint, "partial write")
				return
			}
			var refusal *Refusal
			require.ErrorAs(t, err, &refusal, "%.100s", text)
			require.True(t, refusal.Permanent)
			require.Less(t, len(err.Error()), 1000)
		})
	}
}

func TestHTTPServerThatClosesAfterEachCall(t *testing.T) {
	bye := func(w http.ResponseWriter) {
		w.Header().Set("Connection", "close")
		w.WriteHeader(204)
	}
	_, url := listenHTTP(t, bye)
	p := influxTo(t, url, "")
	c := dial(t, p.Backend, p.group[0])
	require.Equal(t, Receipt{Blocks: 1}, send(t, c, onePoint(p)))
	require.Eventually(t, func() bool { return c.Check() != nil }, 5*time.Second, time.Millisecond)
	require.NoError(t, c.Send(onePoint(p)))
	_, err := c.Confirm()
	transport(t, err)
}

// What http.Transport would write.
func TestHTTPRequestIsThatOfNetHTTP(t *testing.T) {
	got := make(chan string, 2)
	script := func(c net.Conn) {
		request := make([]byte, 64<<10)
		n, _ := c.Read(request)
		got <- string(request[:n])
		_, _ = io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
		_, _ = io.Copy(io.Discard, c)
	}
	config := section("influxdb", "http://"+serve(t, script)+"/prefix")
	config.Username, config.Password = "falcon", "pw"
	p := build(t, "influxdb", config, 30)
	block := blockOf(p, oddPoints()[:3])
	require.Equal(t, Receipt{Blocks: 1}, send(t, dial(t, p.Backend, p.group[0]), block))

	backend := p.Backend.(*influxDB)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, config.Address+"/write?"+backend.query, bytes.NewReader(block.Payload))
	require.NoError(t, err)
	request.Header = backend.header
	transport := &http.Transport{DisableCompression: true, DisableKeepAlives: false}
	defer transport.CloseIdleConnections()
	reply, err := transport.RoundTrip(request)
	require.NoError(t, err)
	require.NoError(t, reply.Body.Close())
	require.Equal(t, <-got, <-got)
}

// replies runs a peer that answers its calls with these texts and returns a
// connection to it.
func replies(t *testing.T, texts ...string) (plan, Conn) {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	p := influxTo(t, "http://"+serve(t, answers(texts...)), "")
	return p, dial(t, p.Backend, p.group[0])
}

func TestHTTPReplyForms(t *testing.T) {
	for name, test := range map[string]struct {
		reply string
		last  bool // no other call may follow
	}{
		"no body":            {reply: "HTTP/1.1 204 No Content\r\n\r\n"},
		"length":             {reply: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nthere"},
		"chunks":             {reply: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nthe\r\n2\r\nre\r\n0\r\n\r\n"},
		"progress":           {reply: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nX: y\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"},
		"close":              {reply: "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", last: true},
		"HTTP/1.0":           {reply: "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", last: true},
		"HTTP/1.0 kept":      {reply: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"},
		"more than maxReply": {reply: "HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + strings.Repeat("a", 70000), last: true},
	} {
		t.Run(name, func(t *testing.T) {
			p, c := replies(t, test.reply, test.reply)
			require.Equal(t, Receipt{Blocks: 1}, send(t, c, onePoint(p)))
			if !test.last {
				require.Equal(t, Receipt{Blocks: 1}, send(t, c, onePoint(p)))
				return
			}
			require.ErrorContains(t, c.Check(), "the server has closed the connection")
			require.NoError(t, c.Send(onePoint(p)))
			_, err := c.Confirm()
			transport(t, err)
		})
	}
}

func TestHTTPReplyThatTellsOfProgressForEver(t *testing.T) {
	p, c := replies(t, strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 100))
	require.NoError(t, c.Send(onePoint(p)))
	_, err := c.Confirm()
	transport(t, err)
	require.Error(t, c.Check())
}

// A server may refuse a call before it has read it, and close: its words count, not
// that the rest could not be written.
func TestHTTPRefusalBeforeTheEndOfTheCall(t *testing.T) {
	for status, permanent := range map[string]bool{"413 Request Entity Too Large": true, "503 Service Unavailable": false} {
		t.Run(status, func(t *testing.T) {
			t.Cleanup(func() { goleak.VerifyNone(t) })
			p := influxTo(t, "http://"+serve(t, func(c net.Conn) {
				readCall(c)
				_, _ = io.WriteString(c, "HTTP/1.1 "+status+"\r\nConnection: close\r\nContent-Length: 4\r\n\r\nstop")
				<-time.After(50 * time.Millisecond)
			}), "")
			c := dial(t, p.Backend, p.group[0])
			require.NoError(t, c.Send(lines(32<<20))) // more than the buffers between us take
			_, err := c.Confirm()
			var refusal *Refusal
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, permanent, refusal.Permanent)
			require.ErrorContains(t, err, "stop")
			require.Error(t, c.Check())
		})
	}
}

// The same of a server that neither reads on nor closes.
func TestHTTPRefusalWhileTheCallHangs(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	config := section("influxdb", "http://"+serve(t, func(c net.Conn) {
		readCall(c)
		_, _ = io.WriteString(c, "HTTP/1.1 413 Request Entity Too Large\r\nContent-Length: 0\r\n\r\n")
		<-t.Context().Done()
	}))
	config.CallTimeout = 200 * time.Millisecond
	p := build(t, "influxdb", config, 30)
	c := dial(t, p.Backend, p.group[0])
	require.NoError(t, c.Send(lines(32<<20)))
	_, err := c.Confirm()
	var refusal *Refusal
	require.ErrorAs(t, err, &refusal)
	require.True(t, refusal.Permanent)
	require.Error(t, c.Check())
}

// No server can have taken what it has not got, whatever it says.
func TestHTTPSuccessBeforeTheEndOfTheCall(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	p := influxTo(t, "http://"+serve(t, func(c net.Conn) {
		readCall(c)
		_, _ = io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
	}), "")
	c := dial(t, p.Backend, p.group[0])
	require.NoError(t, c.Send(lines(32<<20)))
	_, err := c.Confirm()
	transport(t, err)
}

func TestHTTPSBackend(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	s := &script{replies: []func(http.ResponseWriter){status(204, ""), status(400, "bad")}}
	server := httptest.NewTLSServer(s)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(server.Close)
	p := influxTo(t, server.URL, "")
	_, err := p.Dial(t.Context(), p.group[0])
	require.ErrorContains(t, err, "cannot connect to 127.0.0.1:")
	require.ErrorContains(t, err, "certificate")

	p.Backend.(*influxDB).roots = x509.NewCertPool()
	p.Backend.(*influxDB).roots.AddCert(server.Certificate())
	c := dial(t, p.Backend, p.group[0])
	require.Equal(t, Receipt{Blocks: 1}, send(t, c, onePoint(p)))
	require.NoError(t, rest(c).Check())
	require.NoError(t, c.Send(onePoint(p)))
	_, err = c.Confirm()
	var refusal *Refusal
	require.ErrorAs(t, err, &refusal)
	server.CloseClientConnections()
	require.Eventually(t, func() bool { return rest(c).Check() != nil }, 5*time.Second, time.Millisecond)
}

// Whatever a server sends, Confirm ends, and takes no more than it must.
func FuzzHTTPReply(f *testing.F) {
	f.Add([]byte("HTTP/1.1 204 No Content\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nbadHTTP/1.1 204 No Content\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"))
	f.Add(bytes.Repeat([]byte{0xff}, 5000))
	f.Add([]byte("HTTP/1.0 200 OK\r\n\r\nuntil the end"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"))
	f.Fuzz(func(t *testing.T, replies []byte) {
		from := &boundedReader{from: bytes.NewReader(replies)}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://peer/write", nil)
		require.NoError(t, err)
		c := &httpConn{tcp: &tcp{address: "peer"}, request: request, from: from, replies: bufio.NewReader(from)}
		stock := bufio.NewReader(bytes.NewReader(replies))
		for !c.over {
			c.block = lines(10)
			r, err := c.Confirm()
			var refusal *Refusal
			if err != nil && !errors.As(err, &refusal) {
				transportOf(t, err, "peer")
				return
			}
			var want *http.Response
			for want == nil || want.StatusCode/100 == 1 {
				want, err = http.ReadResponse(stock, request)
				require.NoError(t, err, "what was taken for a reply is none")
			}
			require.Equal(t, want.StatusCode/100 == 2, refusal == nil)
			require.Equal(t, want.StatusCode/100 == 2, r == Receipt{Blocks: 1})
			_, _ = io.Copy(io.Discard, want.Body)
		}
	})
}

func TestHTTPConfirmWithoutSend(t *testing.T) {
	_, url := listenHTTP(t)
	p := influxTo(t, url, "")
	_, err := dial(t, p.Backend, p.group[0]).Confirm()
	require.ErrorContains(t, err, "cannot confirm what was not sent")
}
