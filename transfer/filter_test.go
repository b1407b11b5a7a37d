package main

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g"
	"transfer/transfer/sink"
)

// filteringRelay builds a relay to a p8s_relay that leaves out the metrics which begin so.
func filteringRelay(t *testing.T, dir, address, leaveOut string) *Service {
	t.Helper()
	cfg, err := g.Parse("test.json", fmt.Appendf(nil, `{
		"dataDir": %q,
		"http": {"enabled": true, "listen": "127.0.0.1:0"},
		"p8s_relay": {"enabled": true, "cluster": {"p8s-00": %q}, "notSyncMetrics": [%q]}
	}`, dir, address, leaveOut))
	require.NoError(t, err)
	s, err := NewService(cfg, slog.New(slog.DiscardHandler), plainPorts{})
	require.NoError(t, err)
	return s
}

// What was accepted for a backend is owed to it, and nothing else, also when the next
// process leaves out other metrics.
func TestRestartWithAnotherFilter(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir, away := t.TempDir(), "127.0.0.1:1"
	for run, leaveOut := range []string{"", "m", "x"} {
		s := filteringRelay(t, dir, away, leaveOut)
		s.Start()
		push(t, s, 10*run, 10)
		s.Stop()
	}
	p8s, err := sink.NewP8sRelay("127.0.0.1:0", sink.Options{Record: true})
	require.NoError(t, err)
	defer p8s.Close()
	s := filteringRelay(t, dir, p8s.Addr(), "m")
	s.Start()
	defer s.Stop()
	require.Eventually(t, func() bool { return (&view{s}).Targets()[0].Delivered == 20 }, 10*time.Second, 10*time.Millisecond)
	push(t, s, 30, 10)
	for i, p := range p8s.Points() {
		require.EqualValues(t, i+i/10*10, p.Value)
	}
	require.Len(t, p8s.Points(), 20)
}
