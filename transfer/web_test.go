package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httputil"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// No client can tell who has taken its push, but by the time it took.
func TestTheFrontRepliesAsTheServer(t *testing.T) {
	r := startLive(t)
	c, err := net.Dial("tcp", r.listeners.address(listenerHTTP))
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	in := bufio.NewReader(c)
	differs := regexp.MustCompile(`Date: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT|"Latency":\d+`)
	push := func(name, fields string) string {
		body := fmt.Sprintf(`[{"endpoint":%q,"metric":"m","value":1,"step":60,"counterType":"GAUGE"}]`, name)
		_, err := fmt.Fprintf(c, "POST /api/push HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n%s", fields, len(body), body)
		require.NoError(t, err)
		var raw []byte
		reply, err := nethttp.ReadResponse(bufio.NewReader(io.TeeReader(in, writerFunc(func(p []byte) { raw = append(raw, p...) }))), nil)
		require.NoError(t, err)
		_, err = httputil.DumpResponse(reply, true) // reads the body
		require.NoError(t, err)
		require.Len(t, differs.FindAll(raw, -1), 2, "%s", raw)
		return differs.ReplaceAllString(string(raw), "")
	}
	front := push("one", "")
	server := push("two", "X-Own: 1\r\n")
	require.Equal(t, server, front)
	require.Equal(t, server, push("three", ""), "the server has the connection now")
	r.arrived(t, "one", "two", "three")
	require.EqualValues(t, 3, r.listeners.receivers()[1].Requests.Load())
	require.Equal(t, "up", string(r.listeners.units()[1].State))
}

// writerFunc is an io.Writer that never fails.
type writerFunc func(p []byte)

func (f writerFunc) Write(p []byte) (int, error) {
	f(p)
	return len(p), nil
}
