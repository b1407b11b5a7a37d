package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	nethttp "net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g"
	"transfer/transfer/sink"
)

// newTestService builds a relay on free ports with one graph.
func newTestService(t *testing.T, graph string) *Service {
	t.Helper()
	cfg, err := g.Parse("test.json", fmt.Appendf(nil, `{
		"dataDir": %q,
		"http": {"enabled": true, "listen": "127.0.0.1:0"},
		"rpc": {"enabled": true, "listen": "127.0.0.1:0"},
		"socket": {"enabled": true, "listen": "127.0.0.1:0"},
		"graph": {"enabled": true, "cluster": {"graph-00": %q}}
	}`, t.TempDir(), graph))
	require.NoError(t, err)
	s, err := NewService(cfg, slog.New(slog.DiscardHandler), plainPorts{})
	require.NoError(t, err)
	return s
}

// The steps stand in the architecture's list, in their order and word for word.
func TestStepsAreAsDocumented(t *testing.T) {
	defer goleak.VerifyNone(t)
	doc, err := os.ReadFile("../docs/architecture.md")
	require.NoError(t, err)
	_, lists, found := strings.Cut(string(doc), "\nStart:\n")
	require.True(t, found)
	start, stop, found := strings.Cut(lists, "\nStop, 8 s at most:\n")
	require.True(t, found)
	stop, handOver, found := strings.Cut(stop, "\nHand over, 2 s at most:\n")
	require.True(t, found)

	s := newTestService(t, "127.0.0.1:1")
	defer s.abandon()
	require.Equal(t, numbered(start), names(s.startSteps()))
	require.Equal(t, numbered(stop), names(s.stopSteps()))
	require.Equal(t, numbered(handOver), names(s.handOverSteps()))
	require.LessOrEqual(t, answerWithin+drainWithin+adminWithin, 8*time.Second)
	require.LessOrEqual(t, letGoWithin+letGoWithin, 2*time.Second)
}

func numbered(text string) []string {
	var items []string
	for _, m := range regexp.MustCompile(`(?m)^\d+\. (.+)$`).FindAllStringSubmatch(text, -1) {
		items = append(items, m[1])
	}
	return items
}

func names(steps []step) []string {
	var all []string
	for _, s := range steps {
		all = append(all, s.name)
	}
	return all
}

// A relay that ran leaves no goroutine, and its ports and data directory are free.
func TestServiceEndsWhole(t *testing.T) {
	defer goleak.VerifyNone(t)
	graph, err := sink.NewGraph("127.0.0.1:0", sink.Options{Record: true})
	require.NoError(t, err)
	defer graph.Close()

	s := newTestService(t, graph.Addr())
	s.Start()
	web := "http://" + s.listeners.address("http")
	client := &nethttp.Client{Transport: &nethttp.Transport{DisableKeepAlives: true}}
	reply, err := client.Post(web+"/api/push", "application/json", bytes.NewReader([]byte(
		`[{"endpoint":"e","metric":"m","value":1,"step":60,"counterType":"GAUGE"}]`)))
	require.NoError(t, err)
	require.NoError(t, reply.Body.Close())
	require.Equal(t, nethttp.StatusOK, reply.StatusCode)
	require.NoError(t, (&view{s}).Ready())

	s.Stop()
	require.Error(t, (&view{s}).Ready())
	require.Len(t, graph.Points(), 1)
	for _, name := range []string{"rpc", "http", "socket"} {
		_, err := net.Dial("tcp", s.listeners.address(name))
		require.Error(t, err, name)
	}
	again, err := openDataDir(s.config().DataDir)
	require.NoError(t, err)
	require.NoError(t, again.Close())
}

// What cannot be had leaves nothing behind.
func TestServiceThatCannotStart(t *testing.T) {
	defer goleak.VerifyNone(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	cfg, err := g.Parse("test.json", fmt.Appendf(nil, `{
		"dataDir": %q,
		"rpc": {"enabled": true, "listen": "127.0.0.1:0"},
		"socket": {"enabled": true, "listen": %q}
	}`, t.TempDir(), taken.Addr().String()))
	require.NoError(t, err)
	_, err = NewService(cfg, slog.New(slog.DiscardHandler), plainPorts{})
	require.ErrorContains(t, err, "socket.listen")
	free, err := openDataDir(cfg.DataDir)
	require.NoError(t, err)
	require.NoError(t, free.Close())
}
