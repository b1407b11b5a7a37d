package sink

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// post sends a body to the stand-in and returns the answer's status and text.
func post(t *testing.T, s *Sink, path, encoding string, body io.Reader) (int, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, "http://"+s.Addr()+path, body)
	require.NoError(t, err)
	if encoding != "" {
		r.Header.Set("Content-Encoding", encoding)
	}
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	reply, err := client.Do(r)
	require.NoError(t, err)
	defer func() { _ = reply.Body.Close() }()
	text, err := io.ReadAll(reply.Body)
	require.NoError(t, err)
	return reply.StatusCode, string(text)
}

func TestInfluxDBWrite(t *testing.T) {
	s := start(t, "influxdb")
	for path, stamp := range map[string]string{
		"/write?db=d":             "1700000040000000000",
		"/write?db=d&precision=u": "1700000040000000",
		"/write?precision=s&db=d": "1700000040",
		"/write?precision=m&db=d": "28333334",
	} {
		status, text := post(t, s, path, "", strings.NewReader(`cpu\ idle,endpoint=host,k=a\,b value=1.5 `+stamp+"\n"))
		require.Equal(t, http.StatusNoContent, status, text)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := io.WriteString(w, "m,endpoint=host value=3i 60\nm,endpoint=host value=4 120")
	require.NoError(t, err)
	require.NoError(t, w.Close())
	status, _ := post(t, s, "/write?precision=s&db=d", "gzip", &packed)
	require.Equal(t, http.StatusNoContent, status)

	points := s.Points()
	require.Len(t, points, 6)
	for _, p := range points[:4] {
		require.Equal(t, Point{
			Endpoint: "host", Metric: "cpu idle", Tags: map[string]string{"k": "a,b"}, Value: 1.5, Timestamp: 1700000040,
		}, p)
	}
	require.Equal(t, 3.0, points[4].Value)
	require.Equal(t, int64(120), points[5].Timestamp)
}

func TestInfluxDBRefuses(t *testing.T) {
	s := start(t, "influxdb")
	for path, want := range map[string]int{
		"/write":                      http.StatusBadRequest,
		"/write?db=d&precision=weeks": http.StatusBadRequest,
		"/query?db=d":                 http.StatusNotFound,
		"/ping":                       http.StatusNoContent,
	} {
		status, text := post(t, s, path, "", strings.NewReader("m value=1 60"))
		require.Equal(t, want, status, text)
	}
	status, text := post(t, s, "/write?db=d", "", strings.NewReader("m value=1 1000000000\nnonsense\nm value=t 1"))
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, text, `{"error":"partial write: unable to parse 2 lines`)
	require.Equal(t, uint64(1), s.Counts().Received)
	require.Equal(t, uint64(2), s.Counts().Invalid)

	require.NoError(t, s.SetFault(Fault{Mode: Error}))
	status, _ = post(t, s, "/write?db=d", "", strings.NewReader("m value=1 1"))
	require.Equal(t, http.StatusInternalServerError, status)
}

func FuzzInfluxLines(f *testing.F) {
	f.Add([]byte("m,k=v value=1 60\n# comment\n\nm value=\"x\" 1\nm value=1"))
	f.Fuzz(func(t *testing.T, body []byte) {
		points, _ := parseLines(body, time.Second)
		for _, p := range points {
			require.NotEmpty(t, p.Metric)
			require.NotNil(t, p.Tags)
		}
	})
}
