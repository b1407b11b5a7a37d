package http

import (
	"errors"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"testing"

	jsoniter "github.com/json-iterator/go"
	"github.com/stretchr/testify/require"

	"transfer/g/metric"
	"transfer/g/stat"
)

// from answers a request that seems to come from the address peer.
func from(s *Server, peer, method, path string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, nil)
	request.RemoteAddr = peer
	request.Header.Set("X-Forwarded-For", "127.0.0.1")
	request.Header.Set("X-Real-Ip", "127.0.0.1")
	reply := httptest.NewRecorder()
	s.server.Handler.ServeHTTP(reply, request)
	return reply
}

func TestLoopbackOnly(t *testing.T) {
	s := unstarted(t, newFakeRelay(), true)
	for _, c := range []struct {
		peer     string
		loopback bool
	}{
		{"127.0.0.1:1234", true},
		{"127.9.9.9:1234", true},
		{"[::1]:1234", true},
		{"[::ffff:127.0.0.1]:1234", true},
		{"10.0.0.1:1234", false},
		{"[2001:db8::1]:1234", false},
		{"[fe80::1%eth0]:1234", false},
		{"", false},
		{"@", false},
	} {
		t.Run(c.peer, func(t *testing.T) {
			reload := from(s, c.peer, "GET", "/config/reload")
			profile := from(s, c.peer, "GET", "/debug/pprof/cmdline")
			if c.loopback {
				require.Equal(t, 200, reload.Code)
				require.Equal(t, `{"msg":"success","data":"ok"}`, reload.Body.String())
				require.Equal(t, 200, profile.Code)
				return
			}
			require.Equal(t, 200, reload.Code)
			require.Equal(t, `{"msg":"success","data":"no privilege"}`, reload.Body.String())
			require.Equal(t, 403, profile.Code)
		})
	}
}

func TestProfiles(t *testing.T) {
	s := unstarted(t, newFakeRelay(), true)
	for _, path := range []string{"", "symbol", "goroutine?debug=1", "heap?debug=1", "trace?seconds=0.01", "profile?seconds=1"} {
		require.Equal(t, 200, from(s, "127.0.0.1:1", "GET", "/debug/pprof/"+path).Code, path)
	}
}

func TestPanicCostsItsRequestOnly(t *testing.T) {
	s := New(nil, testSection(), false, newFakeRelay(), nethttp.HandlerFunc(func(nethttp.ResponseWriter, *nethttp.Request) { panic("oops") }), quiet())
	reply := from(s, "10.0.0.1:1", "POST", "/api/push")
	require.Equal(t, 500, reply.Code)
	require.Equal(t, "internal error: see the log\n", reply.Body.String())
}

// faultyRelay panics when it is asked for its targets.
type faultyRelay struct{ *fakeRelay }

func (faultyRelay) Targets() []stat.Target { panic("oops") }

func TestPanicCostsItsScrapeOnly(t *testing.T) {
	s := unstarted(t, faultyRelay{newFakeRelay()}, false)
	reply := from(s, "10.0.0.1:1", "GET", "/metrics")
	require.Equal(t, 200, reply.Code)
	require.Contains(t, reply.Body.String(), "\ntransfer_ready 1\n")
	require.NotContains(t, reply.Body.String(), "transfer_target_up")
	require.Equal(t, 500, from(s, "10.0.0.1:1", "GET", "/api/status").Code)
}

func TestTrace(t *testing.T) {
	point := metric.Traced{Metric: "m", Endpoint: "e", Timestamp: 5, Step: 60, Value: 1.5, CounterType: "GAUGE", Tags: map[string]string{"k": "<v>"}}
	const pointReply = `{"msg":"success","data":[{"Value":{"metric":"m","endpoint":"e","timestamp":5,"step":60,"value":1.5,"counterType":"GAUGE","tags":{"k":"\u003cv\u003e"}}}]}`
	for _, c := range []struct {
		path  string
		asked []string // nil: the relay must not be asked
		code  int
	}{
		{"/trace/e/m", []string{"e", "m", ""}, 200},
		{"/trace/e/m/", []string{"e", "m", ""}, 200},
		{"/trace/e/m/k=v,a=1", []string{"e", "m", "k=v,a=1"}, 200},
		{"/trace/e/df.used/mount=/home/x,fs=ext4", []string{"e", "df.used", "mount=/home/x,fs=ext4"}, 200},
		{"/trace/e%2Ff/m%20n/k=%E4%B8%AD", []string{"e/f", "m n", "k=中"}, 200},
		{"/filter/e/m/gt/1e3", []string{"e", "m", "gt", "1e3", ""}, 200},
		{"/filter/e/m/eq/-0.5/mount=/", []string{"e", "m", "eq", "-0.5", "mount=/"}, 200},
		{"/trace", nil, 400},
		{"/filter", nil, 400},
		{"/trace/", nil, 400},
		{"/trace/e", nil, 400},
		{"/trace/e/", nil, 400},
		{"/trace//m", nil, 400},
		{"/filter/e/m", nil, 400},
		{"/filter/e/m/gt", nil, 400},
		{"/filter/e/m/gt/", nil, 400},
	} {
		t.Run(c.path, func(t *testing.T) {
			relay := newFakeRelay()
			relay.traced = []metric.Traced{point}
			reply := from(unstarted(t, relay, false), "10.0.0.1:1", "GET", c.path)
			require.Equal(t, c.code, reply.Code)
			require.Equal(t, c.asked, relay.asked)
			if c.code == 200 {
				require.Equal(t, pointReply, reply.Body.String())
			}
		})
	}
}

func TestBadFilter(t *testing.T) {
	relay := newFakeRelay()
	relay.badFilter = errors.New("bad opt: ge")
	reply := from(unstarted(t, relay, false), "10.0.0.1:1", "GET", "/filter/e/m/ge/1")
	require.Equal(t, 200, reply.Code)
	require.Equal(t, `{"msg":"success","data":"bad opt: ge"}`, reply.Body.String())
}

func TestTraceArmed(t *testing.T) {
	s := unstarted(t, newFakeRelay(), false)
	require.Equal(t, `{"msg":"success","data":[]}`, from(s, "10.0.0.1:1", "GET", "/trace/e/m").Body.String())
}

func TestJSONHoldsAnyName(t *testing.T) {
	relay := newFakeRelay()
	relay.targets = []stat.Target{target("graph", "a\xff\x00</script>", "h", stat.Ledger{Dropped: map[string]uint64{"x\xfe": 0}})}
	relay.traced = []metric.Traced{{Metric: "m\xff", Tags: map[string]string{"k\xff": "v\xff"}}}
	s := unstarted(t, relay, false)
	for _, path := range []string{"/api/status", "/api/ledger", "/trace/e/m"} {
		body := from(s, "10.0.0.1:1", "GET", path).Body.Bytes()
		require.True(t, jsoniter.Valid(body), path)
		require.NotContains(t, string(body), "</script>", path)
		require.Equal(t, strings.ToValidUTF8(string(body), "!"), string(body), path)
	}
}
