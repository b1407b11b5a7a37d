package http

import (
	"context"
	"io"
	"net"
	nethttp "net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// start serves the relay on loopback until the test ends.
func start(t *testing.T, relay Relay) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := New(listener, testSection(), false, relay, echo(), quiet())
	s.Start()
	t.Cleanup(func() {
		nethttp.DefaultClient.CloseIdleConnections()
		require.NoError(t, s.Stop(context.WithoutCancel(t.Context())))
	})
	return "http://" + listener.Addr().String()
}

// ask returns the reply to a request, its body read.
func ask(t *testing.T, method, url, body string) (*nethttp.Response, string) {
	t.Helper()
	request, err := nethttp.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	reply, err := nethttp.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = reply.Body.Close() }()
	text, err := io.ReadAll(reply.Body)
	require.NoError(t, err)
	return reply, string(text)
}

func TestReplies(t *testing.T) {
	url := start(t, newFakeRelay())
	const success = `{"msg":"success","data":`
	for _, c := range []struct {
		method, path string
		code         int
		contentType  string
		body         string
	}{
		{"GET", "/health", 200, typeText, "ok\n"},
		{"HEAD", "/health", 200, typeText, ""},
		{"GET", "/ready", 200, typeText, "ready\n"},
		{"GET", "/version", 200, typeText, "1.2.3@abc123\n"},
		{"GET", "/workdir", 200, typeText, workDir() + "\n"},
		{"GET", "/config", 200, typeJSON, success + `{"graph":{"clusterList":{"graph-00":{"addrs":["h1:6070"]}}},"minStep":30}}`},
		{"GET", "/config/reload", 200, typeJSON, success + `"ok"}`},
		{"POST", "/config/reload", 200, typeJSON, success + `"ok"}`},
		{"HEAD", "/config/reload", 405, typeText, ""},
		{"GET", "/proc/step", 200, typeJSON, success + `{"min_step":30}}`},
		{"GET", "/debug/connpool/graph", 200, typeText, "Name:h1:6070,Cnt:4,active:4,all:4,free:2\nName:h2:6070,Cnt:2,active:2,all:2,free:1"},
		{"GET", "/debug/connpool/judge", 200, typeText, ""},
		{"GET", "/debug/connpool/tsdb", 200, typeText, "bad args, module not exist\n"},
		{"GET", "/api/clusters/graph/nodes", 405, typeText, "method not allowed\n"},
		{"GET", "/api/health", 200, typeJSON, `{"durability":"ok","details":[]}`},
		{"POST", "/api/push", 200, typeText, "[1]"},
		{"PUT", "/api/push", 200, typeText, "[1]"},
		{"GET", "/api/push", 405, typeText, "method not allowed\n"},
		{"DELETE", "/health", 405, typeText, "method not allowed\n"},
		{"GET", "/nope", 404, typeText, "not found: see docs/admin.md\n"},
		{"GET", "/health/", 404, typeText, "not found: see docs/admin.md\n"},
		{"GET", "/debug/pprof/", 404, typeText, "not found: see docs/admin.md\n"},
	} {
		t.Run(c.method+c.path, func(t *testing.T) {
			reply, body := ask(t, c.method, url+c.path, "[1]")
			require.Equal(t, c.code, reply.StatusCode)
			require.Equal(t, c.contentType, reply.Header.Get("Content-Type"))
			require.Equal(t, c.body, body)
		})
	}
}

func TestNotReady(t *testing.T) {
	relay := newFakeRelay()
	relay.notReady = errStarting
	relay.health = Health{Durability: DurabilityDegraded, Details: []string{"no space on /data"}}
	url := start(t, relay)

	reply, body := ask(t, "GET", url+"/ready", "")
	require.Equal(t, 503, reply.StatusCode)
	require.Equal(t, "starting: replaying the journal\n", body)
	reply, _ = ask(t, "GET", url+"/health", "")
	require.Equal(t, 200, reply.StatusCode, "a start is no ill health")
	_, body = ask(t, "GET", url+"/api/health", "")
	require.JSONEq(t, `{"durability":"degraded","details":["no space on /data"]}`, body)
}

func TestRefusing(t *testing.T) {
	relay := newFakeRelay()
	relay.health.Refusing = "stopping"
	reply, body := ask(t, "GET", start(t, relay)+"/health", "")
	require.Equal(t, 503, reply.StatusCode)
	require.Equal(t, "stopping\n", body)
}

func TestHalfSentRequestIsClosed(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	section := testSection()
	section.HeaderTimeout = 300 * time.Millisecond
	s := New(listener, section, false, newFakeRelay(), echo(), quiet())
	s.Start()
	defer func() { require.NoError(t, s.Stop(t.Context())) }()

	client, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	defer func() { _ = client.Close() }()
	_, err = client.Write([]byte("GET /health HT"))
	require.NoError(t, err)
	_, err = io.ReadAll(client)
	require.NoError(t, err)
}

func TestLargeHeaderIsRefused(t *testing.T) {
	url := start(t, newFakeRelay())
	reply, _ := ask(t, "GET", url+"/health?"+strings.Repeat("x", 2*maxHeaderBytes), "")
	require.Equal(t, nethttp.StatusRequestHeaderFieldsTooLarge, reply.StatusCode)
}

func TestStopCutsOffWhatDoesNotEnd(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	entered := make(chan struct{})
	hang := nethttp.HandlerFunc(func(_ nethttp.ResponseWriter, r *nethttp.Request) {
		close(entered)
		<-r.Context().Done()
	})
	s := New(listener, testSection(), false, newFakeRelay(), hang, quiet())
	s.Start()

	client, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	defer func() { _ = client.Close() }()
	_, err = client.Write([]byte("POST /api/push HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"))
	require.NoError(t, err)
	<-entered

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, s.Stop(ctx), context.DeadlineExceeded)
	_, err = io.ReadAll(client)
	require.NoError(t, err, "closed, without a reply")
}

func TestStopClosesAnUnusedListener(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := New(listener, testSection(), false, newFakeRelay(), echo(), quiet())
	require.NoError(t, s.Stop(t.Context()))
	require.NoError(t, s.Stop(t.Context()), "twice is no harm")
	_, err = net.Dial("tcp", listener.Addr().String())
	require.Error(t, err)
}
