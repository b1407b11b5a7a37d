package sender

import (
	"io"
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

func TestHTTPConfirmWithoutSend(t *testing.T) {
	_, url := listenHTTP(t)
	p := influxTo(t, url, "")
	_, err := dial(t, p.Backend, p.group[0]).Confirm()
	require.ErrorContains(t, err, "cannot confirm what was not sent")
}
