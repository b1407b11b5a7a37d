package demo

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g"
	"transfer/transfer/sink"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 15 * time.Second

// output is a buffer that the demonstration writes while a test reads.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// fakeRelay stands in for the relay: it keeps the configuration, takes points by
// a stock JSON-RPC server and answers /counter/all.
type fakeRelay struct {
	cfg     chan *g.Config
	rpc     *sink.Sink
	stopped bool
}

func (f *fakeRelay) start(cfg *g.Config) (func(context.Context) error, error) {
	rpc, err := sink.NewTransfer(cfg.RPC.Listen, sink.Options{Record: true})
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", cfg.HTTP.Listen)
	if err != nil {
		return nil, err
	}
	admin := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/counter/all" {
			_, _ = w.Write([]byte(counterReply))
		}
	}))
	admin.Listener = l
	admin.Start()
	f.rpc = rpc
	f.cfg <- cfg
	return func(context.Context) error {
		f.stopped = true
		rpc.Close()
		admin.Close()
		return nil
	}, nil
}

const counterReply = `{"msg":"success","data":[{"Name":"RecvCnt","Cnt":100,"Qps":5,"Time":"2026-01-01 00:00:00","Other":{}},
{"Name":"RpcRecvCnt","Cnt":100},{"Name":"SendToJudgeCnt","Cnt":90},{"Name":"SendToGraphCnt","Cnt":120},
{"Name":"SendToJudgeDropCnt","Cnt":3},{"Name":"SendToJudgeFailCnt","Cnt":50},{"Name":"JudgeSendCacheCnt","Cnt":7},
{"Name":"GraphSendCacheCnt","Cnt":1}]}`

// anyPort are arguments that keep tests off the usual ports.
func anyPort(more ...string) []string {
	const free = "127.0.0.1:0"
	return append([]string{"--http", free, "--rpc", free, "--socket", free, "--sinks", free, "--interval", "1s"}, more...)
}

func TestDemo(t *testing.T) {
	relay := &fakeRelay{cfg: make(chan *g.Config, 1)}
	var out output
	cmd := Command(relay.start)
	cmd.SetOut(&out)
	cmd.SetArgs(anyPort("--every", "1s"))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- cmd.ExecuteContext(ctx) }()
	cfg := <-relay.cfg

	require.Empty(t, cfg.Warnings)
	require.Equal(t, 1, cfg.MinStep)
	require.DirExists(t, cfg.DataDir)
	addressCount := map[string]int{}
	for _, b := range cfg.Backends {
		for _, n := range b.Nodes {
			addressCount[b.Name] += len(n.Addresses)
		}
		if b.Address != "" {
			addressCount[b.Name]++
		}
	}
	require.Equal(t, map[string]int{"judge": 2, "graph": 4, "tsdb": 1, "transfer": 1}, addressCount)

	line := regexp.MustCompile(`points: 100 in, 210 delivered, 8 queued, 3 dropped; stand-ins received 0\n`)
	require.Eventually(t, func() bool { return line.MatchString(out.String()) }, patience, 10*time.Millisecond)
	idle := func() (found []sink.Point) {
		for _, p := range relay.rpc.Points() {
			if p.Metric == "cpu.idle" {
				found = append(found, p)
			}
		}
		return found
	}
	require.Eventually(t, func() bool { return len(idle()) > 1 }, patience, 10*time.Millisecond)
	cancel()
	require.NoError(t, <-done)
	require.True(t, relay.stopped)
	require.NoDirExists(t, cfg.DataDir)

	host, err := os.Hostname()
	require.NoError(t, err)
	points := idle()
	require.Equal(t, host, points[0].Endpoint)
	require.Equal(t, 1, points[0].Step)
	require.Greater(t, points[1].Timestamp, points[0].Timestamp)
	require.Zero(t, relay.rpc.Counts().Repeated, "every figure has its own series and each time its own timestamp")

	text := out.String()
	require.Contains(t, text, "open http://"+cfg.HTTP.Listen+"/ in a browser")
	require.Regexp(t, `nc -q1 127\.0\.0\.1 \d+\n`, text)
	require.Regexp(t, `curl 'http://127\.0\.0\.1:\d+/series\?prefix=me/'`, text)
	require.Contains(t, text, "stopped; the stand-ins received 0 points")
	require.NotContains(t, text, "agent:")
	require.NotContains(t, text, "%!")
}

func TestDemoRefuses(t *testing.T) {
	fails := func(*g.Config) (func(context.Context) error, error) { return nil, errors.New("no relay today") }
	for want, args := range map[string][]string{
		"no relay today":      anyPort(),
		"takes whole seconds": anyPort("--interval", "1500ms"),
		"--every takes":       anyPort("--every", "0s"),
		"write HOST:PORT":     anyPort("--rpc", "nowhere"),
		"find a free port":    anyPort("--sinks", "256.0.0.1:1"),
	} {
		cmd := Command(fails)
		cmd.SilenceErrors = true
		cmd.SetOut(&output{})
		cmd.SetArgs(args)
		require.ErrorContains(t, cmd.ExecuteContext(t.Context()), want)
	}
}

func TestPortsInUseAreReplaced(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	taken := l.Addr().String()
	got, err := addresses{taken, taken, taken}.free()
	require.NoError(t, err)
	require.Len(t, map[string]bool{taken: true, got.http: true, got.rpc: true, got.socket: true}, 4)
}

func TestTotalsOfNoRelay(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	_, err := askTotals(s.Client(), s.Listener.Addr().String())
	require.ErrorContains(t, err, "404")
}
