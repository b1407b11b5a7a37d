package receiver

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"transfer/g"
	"transfer/g/stat"
)

func newTestPush(limits g.Limits, s *store) (*Push, *stat.Receiver) {
	counts := testCounts()
	p := NewPush(limits, s, counts)
	p.Start()
	return p, counts
}

// post sends a body to the handler.
func post(h http.Handler, body io.Reader, encoding string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/api/push", body)
	if encoding != "" {
		r.Header.Set("Content-Encoding", encoding)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPushReplies(t *testing.T) {
	const jsonType, textType = "application/json; charset=UTF-8", "text/plain; charset=utf-8"
	p, _ := newTestPush(testLimits(), new(store))
	for body, want := range map[string]struct {
		status int
		reply  string
	}{
		"[" + onePoint + ",null]":   {200, `{"msg":"success","data":{"Message":"ok","Total":2,"Invalid":1,"Latency":0}}`},
		" [] and more":              {200, `{"msg":"success","data":{"Message":"ok","Total":0,"Invalid":0,"Latency":0}}`},
		"null":                      {200, `{"msg":"success","data":{"Message":"ok","Total":0,"Invalid":0,"Latency":0}}`},
		"":                          {400, "blank body\n"},
		" \n":                       {400, "decode error\n"},
		"{}":                        {400, "decode error\n"},
		"[" + onePoint:              {400, "decode error\n"},
		strings.Repeat("[", 100000): {400, "decode error\n"},
	} {
		w := post(p, strings.NewReader(body), "")
		require.Equal(t, want.status, w.Code, body)
		require.Equal(t, want.reply, latency().ReplaceAllString(w.Body.String(), `"Latency":0`), body)
		wantType := textType
		if want.status == 200 {
			wantType = jsonType
		}
		require.Equal(t, wantType, w.Header().Get("Content-Type"))
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest("PUT", "/api/push", strings.NewReader("[]")))
	require.Equal(t, 200, w.Code)
	w = httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest("DELETE", "/api/push", strings.NewReader("[]")))
	require.Equal(t, 405, w.Code)
	require.Equal(t, "POST, PUT", w.Header().Get("Allow"))
	require.Equal(t, 200, post(p, iotest.OneByteReader(strings.NewReader("[1]")), "").Code, "without a Content-Length")
	require.Equal(t, 400, post(p, iotest.OneByteReader(strings.NewReader("")), "").Code)
	require.Equal(t, 400, post(p, iotest.ErrReader(io.ErrUnexpectedEOF), "").Code)
}

// pack packs a body as the content encoding says.
func pack(t testing.TB, encoding string, body []byte) []byte {
	var out bytes.Buffer
	switch encoding {
	case "gzip":
		w := gzip.NewWriter(&out)
		_, err := w.Write(body)
		require.NoError(t, err)
		require.NoError(t, w.Close())
	case "zstd":
		w, err := zstd.NewWriter(&out)
		require.NoError(t, err)
		_, err = w.Write(body)
		require.NoError(t, err)
		require.NoError(t, w.Close())
	case "snappy":
		return snappy.Encode(nil, body)
	}
	return out.Bytes()
}

func TestPushContentEncodings(t *testing.T) {
	limits := testLimits()
	limits.RequestBytes = 100_000
	p, counts := newTestPush(limits, new(store))
	body := func(size int) []byte { return []byte("[" + strings.Repeat(" ", size-2) + "]") }
	for _, encoding := range packings() {
		for range 3 {
			require.Equal(t, 200, post(p, bytes.NewReader(pack(t, encoding, body(100_000))), encoding).Code, encoding)
			require.Equal(t, 413, post(p, bytes.NewReader(pack(t, encoding, body(100_001))), encoding).Code, encoding)
			require.Equal(t, 413, post(p, bytes.NewReader(pack(t, encoding, body(100<<20))), encoding).Code, encoding)
			broken := pack(t, encoding, body(1000))
			w := post(p, bytes.NewReader(broken[:len(broken)-1]), encoding)
			require.Equal(t, 400, w.Code, encoding)
			require.Equal(t, "decode error\n", w.Body.String())
			require.Equal(t, 400, post(p, strings.NewReader("[]"), encoding).Code, encoding)
		}
	}
	require.EqualValues(t, 18, counts.Closed.All()["too_large"])
	require.EqualValues(t, 18, counts.Closed.All()["malformed"])
	require.Equal(t, 200, post(p, strings.NewReader("[]"), "identity").Code)
	require.Equal(t, 200, post(p, bytes.NewReader(pack(t, "gzip", []byte("[]"))), "GZIP").Code)
	w := post(p, strings.NewReader("[]"), "br")
	require.Equal(t, 415, w.Code)
	require.Equal(t, "gzip, zstd, snappy", w.Header().Get("Accept-Encoding"))
	require.Equal(t, 415, post(p, strings.NewReader("[]"), "gzip, gzip").Code)
}

func TestPushLimits(t *testing.T) {
	limits := testLimits()
	limits.RequestBytes, limits.PointsPerRequest = 1000, 3
	p, counts := newTestPush(limits, new(store))
	fits := "[" + strings.Repeat(" ", 998) + "]"
	require.Equal(t, 200, post(p, strings.NewReader(fits), "").Code)
	require.Equal(t, 200, post(p, iotest.OneByteReader(strings.NewReader(fits)), "").Code)
	require.Equal(t, 413, post(p, strings.NewReader(fits+" "), "").Code)
	require.Equal(t, 413, post(p, iotest.OneByteReader(strings.NewReader(fits+" ")), "").Code)
	require.Equal(t, 413, post(p, strings.NewReader("[1,2,3,4]"), "").Code)
	require.Equal(t, map[string]uint64{"too_large": 2, "too_many_points": 1}, counts.Closed.NonZero())

	limits.RequestBytes = 1 << 20
	p, counts = newTestPush(limits, new(store))
	p.memory.budget.left.Store(0)
	w := post(p, strings.NewReader(strings.Repeat(" ", 100_000)), "")
	require.Equal(t, 503, w.Code)
	require.Equal(t, "1", w.Header().Get("Retry-After"))
	require.Equal(t, map[string]uint64{"overloaded": 1}, counts.Closed.NonZero())
}

func TestPushRefusesForNow(t *testing.T) {
	counts := testCounts()
	p := NewPush(testLimits(), &store{refuse: 1}, counts)
	refused := func(text string) {
		t.Helper()
		w := post(p, strings.NewReader("[]"), "")
		require.Equal(t, 503, w.Code)
		require.Equal(t, "1", w.Header().Get("Retry-After"))
		require.Equal(t, text+"\n", w.Body.String())
	}
	refused(errNotReady.Error())
	p.Start()
	refused("retry: later")
	require.Equal(t, 200, post(p, strings.NewReader("[]"), "").Code)
	require.NoError(t, p.Stop(context.Background()))
	refused(errNotReady.Error())
	require.NoError(t, p.Stop(context.Background()))
	require.EqualValues(t, 3, counts.Closed.All()["not_ready"])
}

func TestPushStopWaitsForRequests(t *testing.T) {
	s := &store{entered: make(chan struct{}), hold: make(chan struct{})}
	p, _ := newTestPush(testLimits(), s)
	status := make(chan int, 1)
	go func() { status <- post(p, strings.NewReader("[]"), "").Code }()
	<-s.entered
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, p.Stop(ended), context.Canceled)
	close(s.hold)
	require.NoError(t, p.Stop(context.Background()))
	require.Equal(t, 200, <-status)
}

// FuzzUnpack unpacks damaged bodies: none may give more than the limit.
func FuzzUnpack(f *testing.F) {
	for i, encoding := range packings() {
		f.Add(uint8(i), pack(f, encoding, []byte("["+onePoint+"]")))
		f.Add(uint8(i), pack(f, encoding, make([]byte, 10_000)))
	}
	u := &unpacker{max: 4096}
	f.Fuzz(func(t *testing.T, encoding uint8, body []byte) {
		known := packings()
		out, err := u.unpack(known[int(encoding)%len(known)], body)
		require.True(t, err != nil || len(out) <= u.max)
	})
}
