package receiver

import (
	"bufio"
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// usualPush returns a usual request with this body.
func usualPush(body string) string {
	return pushLine + "Host: relay:6060\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// pushHeads are heads, and the body's length that is read from them; 0: they are not usual.
func pushHeads() map[string]int {
	const host, length = "Host: a\r\n", "Content-Length: 12\r\n"
	return map[string]int{
		pushLine + host + length + "\r\n":                                             12,
		pushLine + length + host + "\r\n[":                                            12,
		pushLine + "host:a.b-c_d:80\r\ncontent-length:\t12 \r\n\r\n":                  12,
		pushLine + "HOST: [::1]:6060\r\n" + length + "Connection: Keep-Alive\r\n\r\n": 12,
		pushLine + host + length + "User-Agent: x/1 (y; z)\r\nAccept: */*\r\nAccept-Encoding: gzip, br\r\nAccept-Language:\r\nContent-Type: a/b; c=\"d\"\r\n\r\n": 12,

		"":                                       0,
		pushLine:                                 0,
		pushLine + host + length:                 0,
		pushLine + host + length + "\r":          0,
		pushLine + "\r\n":                        0,
		pushLine + length + "\r\n":               0,
		pushLine + host + "\r\n":                 0,
		pushLine + host + host + length + "\r\n": 0,
		pushLine + host + length + length + "\r\n":                                         0,
		pushLine + "Host:\r\n" + length + "\r\n":                                           0,
		pushLine + "Host: a b\r\n" + length + "\r\n":                                       0,
		pushLine + "Host: a/b\r\n" + length + "\r\n":                                       0,
		pushLine + host + "Content-Length: 0\r\n\r\n":                                      0,
		pushLine + host + "Content-Length: +1\r\n\r\n":                                     0,
		pushLine + host + "Content-Length: -1\r\n\r\n":                                     0,
		pushLine + host + "Content-Length: 1, 1\r\n\r\n":                                   0,
		pushLine + host + "Content-Length: 9999999999\r\n\r\n":                             0,
		pushLine + host + "Content-Length : 12\r\n\r\n":                                    0,
		pushLine + host + length + "Transfer-Encoding: chunked\r\n\r\n":                    0,
		pushLine + host + length + "Content-Encoding: gzip\r\n\r\n":                        0,
		pushLine + host + length + "Expect: 100-continue\r\n\r\n":                          0,
		pushLine + host + length + "Connection: close\r\n\r\n":                             0,
		pushLine + host + length + "Connection: keep-alive, upgrade\r\n\r\n":               0,
		pushLine + host + length + "X-Own: 1\r\n\r\n":                                      0,
		pushLine + host + length + "Accept: a\r\n b\r\n\r\n":                               0,
		pushLine + host + length + "Accept: a\nX-Own: 1\r\n\r\n":                           0,
		pushLine + host + length + "Accept: a\x00\r\n\r\n":                                 0,
		pushLine + host + length + "Accept: \xff\r\n\r\n":                                  0,
		pushLine + host + length + "Accept\r\n\r\n":                                        0,
		pushLine + host + length + ": a\r\n\r\n":                                           0,
		pushLine + host + length + "Accept: " + strings.Repeat("a", mostHead) + "\r\n\r\n": 0,
		"PUT /api/push HTTP/1.1\r\n" + host + length + "\r\n":                              0,
		"POST /api/push HTTP/1.0\r\n" + host + length + "\r\n":                             0,
		"POST /api/push?a HTTP/1.1\r\n" + host + length + "\r\n":                           0,
		"POST /api/push/ HTTP/1.1\r\n" + host + length + "\r\n":                            0,
		"GET /health HTTP/1.1\r\n" + host + "\r\n":                                         0,
	}
}

func TestPushHead(t *testing.T) {
	for text, body := range pushHeads() {
		head, ok := readPushHead([]byte(text))
		require.Equal(t, body > 0, ok, "%q", text)
		if ok {
			require.Equal(t, pushHead{size: strings.Index(text, "\r\n\r\n") + 4, body: body}, head, "%q", text)
		}
	}
	text := []byte(usualPush("[]"))
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = readPushHead(text) }))
}

// FuzzPushHead holds that what is taken for a usual head net/http reads alike, as a request
// in which nothing is of importance but the length.
func FuzzPushHead(f *testing.F) {
	for text := range pushHeads() {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		head, ok := readPushHead(data)
		if !ok {
			return
		}
		in := bytes.NewReader(data)
		buffered := bufio.NewReader(in)
		r, err := http.ReadRequest(buffered)
		require.NoError(t, err)
		require.Equal(t, head.size, len(data)-in.Len()-buffered.Buffered())
		require.EqualValues(t, head.body, r.ContentLength)
		require.Equal(t, "POST /api/push HTTP/1.1", r.Method+" "+r.URL.String()+" "+r.Proto)
		require.NotEmpty(t, r.Host)
		require.False(t, r.Close)
		require.Empty(t, r.TransferEncoding)
		require.Empty(t, r.Trailer)
		for name := range r.Header {
			switch name {
			case "Content-Length", "Content-Type", "User-Agent", "Accept", "Accept-Encoding", "Accept-Language":
			case "Connection":
				require.Equal(t, "keep-alive", strings.ToLower(r.Header.Get(name)))
			default:
				require.Fail(t, "unusual", name)
			}
		}
	})
}
