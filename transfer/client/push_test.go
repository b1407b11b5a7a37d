package client

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/rpc"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/transfer/sink"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

// relay starts a stand-in for the relay's RPC receiver.
func relay(t *testing.T) *sink.Sink {
	t.Helper()
	s, err := sink.NewTransfer("127.0.0.1:0", sink.Options{Record: true})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

func samplePoints() []*Point {
	return []*Point{
		{"h", "m", 1.5, 60, "GAUGE", "a=1", 60},
		{"h", "m", "2.5", 60, "GAUGE", "a=1", 120},
		{"h", "", 3.5, 60, "GAUGE", "", 180},
	}
}

// push dials, pushes the sample and closes.
func push(t *testing.T, way, address string) Reply {
	t.Helper()
	p, err := Dial(way, address, patience)
	require.NoError(t, err)
	reply, err := p.Push(samplePoints())
	require.NoError(t, err)
	require.NoError(t, p.Close())
	return reply
}

func TestPushOverRPC(t *testing.T) {
	s := relay(t)
	reply := push(t, "rpc", s.Addr())
	require.Equal(t, "ok", reply.Message)
	require.Equal(t, 3, reply.Total)
	require.Equal(t, 1, reply.Invalid)
	points := s.Points()
	require.Len(t, points, 2)
	require.Equal(t, sink.Point{
		Endpoint: "h", Metric: "m", Tags: map[string]string{"a": "1"}, Value: 1.5, Timestamp: 60, Type: "GAUGE", Step: 60,
	}, points[0])
	require.Equal(t, 2.5, points[1].Value)
}

// GobPoint is the point as COMPATIBILITY gives it for gob: a server of its own
// shows that Point meets it.
type GobPoint struct {
	Endpoint, Metric string
	Value            interface{}
	Step             int64
	Type, Tags       string
	Timestamp        int64
}

// GobReply is the reply to it.
type GobReply struct {
	Message        string
	Total, Invalid int
	Latency        int64
}

type gobRelay struct{ got chan []*GobPoint }

func (g *gobRelay) Update(points []*GobPoint, reply *GobReply) error {
	g.got <- points
	*reply = GobReply{"ok", len(points), 1, 2}
	return nil
}

func TestPushOverGob(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	server, service := rpc.NewServer(), &gobRelay{make(chan []*GobPoint, 1)}
	require.NoError(t, server.RegisterName("Transfer", service))
	served := make(chan struct{})
	go func() {
		defer close(served)
		if c, err := l.Accept(); err == nil {
			server.ServeConn(c)
		}
	}()
	require.Equal(t, Reply{"ok", 3, 1, 2}, push(t, "gob", l.Addr().String()))
	require.Equal(t, []*GobPoint{
		{"h", "m", 1.5, 60, "GAUGE", "a=1", 60},
		{"h", "m", "2.5", 60, "GAUGE", "a=1", 120},
		{"h", "", 3.5, 60, "GAUGE", "", 180},
	}, <-service.got)
	<-served
}

func TestPushOverHTTP(t *testing.T) {
	answer := func(w http.ResponseWriter) {
		_, _ = io.WriteString(w, `{"msg":"success","data":{"Message":"ok","Total":3,"Invalid":1,"Latency":2}}`)
	}
	var body []byte
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/api/push", r.URL.Path)
		body, _ = io.ReadAll(r.Body)
		answer(w)
	}))
	defer s.Close()
	address := s.Listener.Addr().String()
	require.Equal(t, Reply{"ok", 3, 1, 2}, push(t, "http", address))
	points, bad, _ := all(NewSource(bytes.NewReader(body)))
	require.Equal(t, samplePoints(), points)
	require.Zero(t, bad)

	p, err := Dial("http", address, patience)
	require.NoError(t, err)
	defer func() { _ = p.Close() }()
	answer = func(w http.ResponseWriter) { http.Error(w, "decode error", http.StatusBadRequest) }
	_, err = p.Push(samplePoints())
	require.EqualError(t, err, "the relay answered 400 Bad Request: decode error")
	answer = func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<html>") }
	_, err = p.Push(samplePoints())
	require.ErrorContains(t, err, "cannot read the relay's answer")
}

func TestPushOverSocket(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	got := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		var text strings.Builder
		for in := bufio.NewScanner(c); in.Scan() && in.Text() != "quit"; {
			text.WriteString(in.Text() + "\n")
		}
		got <- text.String()
	}()
	reply := push(t, "socket", l.Addr().String())
	require.Equal(t, 3, reply.Total)
	require.Equal(t, 1, reply.Invalid, "no line can say an empty metric")
	require.Equal(t, "update h m/a=1 60 1.5 GAUGE 60\nupdate h m/a=1 120 2.5 GAUGE 60\n", <-got)
}

func TestDialRefuses(t *testing.T) {
	_, err := Dial("pigeon", "127.0.0.1:1", patience)
	require.ErrorContains(t, err, "choose one of")
	s := relay(t)
	s.Close()
	for _, way := range []string{"rpc", "gob", "socket"} {
		_, err := Dial(way, s.Addr(), patience)
		require.ErrorContains(t, err, "is it running there?")
	}
}

func TestPushTimesOut(t *testing.T) {
	s := relay(t)
	require.NoError(t, s.SetFault(sink.Fault{Mode: sink.Hang}))
	p, err := Dial("rpc", s.Addr(), 20*time.Millisecond)
	require.NoError(t, err)
	_, err = p.Push(samplePoints())
	require.Error(t, err)
	_ = p.Close()
}

// run runs the command and returns what it printed.
func run(t *testing.T, in io.Reader, args ...string) (out, complaints string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := Command()
	cmd.SilenceErrors = true
	cmd.SetIn(in)
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(t.Context())
	return stdout.String(), stderr.String(), err
}

func TestCommandPushesOnePoint(t *testing.T) {
	s := relay(t)
	out, _, err := run(t, nil, "--to", s.Addr(), "--metric", "load", "--value", "1.5", "--tags", "a=1", "--repeat", "3")
	require.NoError(t, err)
	require.Regexp(t, `^points: 3 sent, 3 accepted, 0 invalid, 0 failed; \d+\.\d\d seconds\n$`, out)
	host, err := os.Hostname()
	require.NoError(t, err)
	require.Equal(t, sink.Point{
		Endpoint: host, Metric: "load", Tags: map[string]string{"a": "1"}, Value: 1.5, Type: "GAUGE", Step: 60,
	}, s.Points()[0])
	require.Equal(t, uint64(1), s.Counts().Calls)
}

func TestCommandPushesAFile(t *testing.T) {
	s := relay(t)
	file := filepath.Join(t.TempDir(), "points")
	require.NoError(t, os.WriteFile(file, []byte(strings.Repeat("update h m 60 1\n", 25)), 0o600))
	out, _, err := run(t, nil, "--to", s.Addr(), "--file", file, "--batch", "10", "--repeat", "2")
	require.NoError(t, err)
	require.Contains(t, out, "points: 50 sent, 50 accepted")
	require.Equal(t, uint64(6), s.Counts().Calls)
}

func TestCommandReadsStandardInput(t *testing.T) {
	s := relay(t)
	in := strings.NewReader("update h m 60 1\nnonsense\n" + `{"endpoint":"h","metric":"m","value":"x"}`)
	out, complaints, err := run(t, in, "-", "--to", s.Addr())
	require.EqualError(t, err, "not every point was accepted")
	require.Contains(t, out, "points: 2 sent, 1 accepted, 1 invalid, 0 failed")
	require.Contains(t, out, "1 could not be read")
	require.Contains(t, complaints, "point at 2: cannot read the line")
}

func TestCommandSendsWhatItHasBeforeItWaits(t *testing.T) {
	s := relay(t)
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, _, err := run(t, r, "-", "--to", s.Addr())
		done <- err
	}()
	_, _ = io.WriteString(w, "update h m 60 1\n")
	require.Eventually(t, func() bool { return s.Counts().Received == 1 }, patience, time.Millisecond)
	_ = w.Close()
	require.NoError(t, <-done)
}

func TestCommandEndsAtAFailedCall(t *testing.T) {
	s := relay(t)
	require.NoError(t, s.SetFault(sink.Fault{Mode: sink.Error}))
	out, _, err := run(t, nil, "--to", s.Addr(), "--metric", "m", "--value", "1", "--repeat", "400")
	require.ErrorContains(t, err, "cannot push 200 points: stand-in was told")
	require.Contains(t, out, "points: 200 sent, 0 accepted, 0 invalid, 200 failed")
}

func TestCommandRefuses(t *testing.T) {
	one := []string{"--metric", "m", "--value", "1"}
	for want, args := range map[string][]string{
		"--metric and --value":    {},
		"--batch must":            append(one, "--batch", "0"),
		"--rate must":             append(one, "--rate", "-1"),
		"--timeout must":          append(one, "--timeout", "-1s"),
		"write host:port":         append(one, "--to", "nowhere"),
		"--repeat must":           append(one, "--repeat", "-1"),
		"cannot repeat standard":  {"-", "--repeat", "2"},
		"give --file FILE":        {"file"},
		"choose one of":           append(one, "--via", "pigeon"),
		"--file FILE, or - for s": {"-", "--file", "x"},
	} {
		_, _, err := run(t, nil, args...)
		require.ErrorContains(t, err, want)
	}
	_, _, err := run(t, nil, "--to", "127.0.0.1:1", "--file", filepath.Join(t.TempDir(), "none"))
	require.ErrorContains(t, err, "cannot read points", "said before anything is dialled")
	_, _, err = run(t, nil, "--to", "127.0.0.1:1", "--file", t.TempDir())
	require.ErrorContains(t, err, "name a file of points")
	_, _, err = run(t, nil, append(one, "--via", "http", "--to", "127.0.0.1:1")...)
	require.ErrorContains(t, err, "is it running there?")
}

// sleepy counts batches and ends a run after some.
type sleepy struct {
	batches atomic.Int64
	end     context.CancelFunc
}

func (s *sleepy) Push(points []*Point) (Reply, error) {
	if s.batches.Add(1) == 3 {
		s.end()
	}
	return Reply{Total: len(points)}, nil
}

func (s *sleepy) Close() error { return nil }

func TestPumpKeepsToItsRate(t *testing.T) {
	for _, c := range []struct {
		rate  float64
		batch int
	}{{0, 200}, {1, 1}, {0.5, 1}, {50, 50}, {1e300, 200}} {
		require.Equal(t, c.batch, newPump(nil, 200, c.rate).batch, "at %v a second", c.rate)
	}
	ctx, end := context.WithCancel(t.Context())
	p := newPump(&sleepy{end: end}, 10, 1000)
	start := time.Now()
	require.ErrorIs(t, p.run(ctx, &single{&Point{}, -1}), context.Canceled)
	require.GreaterOrEqual(t, time.Since(start), 20*time.Millisecond, "10 points at once, then 20 at 1000 a second")
	require.Equal(t, 30, p.sum.Accepted)
}
