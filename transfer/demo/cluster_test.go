package demo

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g"
	"transfer/transfer/sink"
)

func TestClusterRefuses(t *testing.T) {
	full := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(full, "mine"), nil, 0o600))
	t.Setenv("PATH", t.TempDir()) // without redis-server
	for want, args := range map[string][]string{
		"apt-get install redis-server":      nil,
		"it is not empty":                   {"--dir", full},
		"--rate takes a number above 0":     {"--rate", "0"},
		"--every takes":                     {"--every", "0s"},
		"write HOST:PORT":                   {"--redis", "127.0.0.1:1", "--rpc", "nowhere"},
		"cannot create the folder of --dir": {"--dir", filepath.Join(full, "mine", "below")},
	} {
		cmd := Command(nil)
		cmd.SilenceErrors = true
		cmd.SetOut(&output{})
		cmd.SetArgs(anyPort(append([]string{"--relays", "3"}, args...)...))
		require.ErrorContains(t, cmd.ExecuteContext(t.Context()), want)
	}
}

// Each relay has its own files and ports, and one Redis.
func TestMembersOfACluster(t *testing.T) {
	behind, err := buildSite()
	require.NoError(t, err)
	defer behind.close()
	dir := t.TempDir()
	base := addresses{http: "127.0.0.1:6060", rpc: "127.0.0.1:8433", socket: "127.0.0.1:0"}
	second, err := base.next(1)
	require.NoError(t, err)
	require.Equal(t, addresses{http: "127.0.0.1:6061", rpc: "127.0.0.1:8434", socket: "127.0.0.1:0"}, second)

	m, err := newMember(dir, "relay-2", second, behind, "127.0.0.1:6379")
	require.NoError(t, err)
	require.NoError(t, m.stop(), "before it was started")
	cfg, err := g.Load(m.file)
	require.NoError(t, err)
	require.Empty(t, cfg.Warnings)
	require.Equal(t, []string{"127.0.0.1:6379"}, cfg.Redis.Addrs)
	require.Equal(t, "relay-2", cfg.Redis.Relay)
	require.Equal(t, filepath.Join(dir, "relay-2"), cfg.DataDir)
}

// A sender leaves a relay that fails, loses nothing, and comes back to it.
func TestBalancerFollowsItsRelays(t *testing.T) {
	var relays []*sink.Sink
	b := &balancer{rate: 100, pause: 20 * time.Millisecond}
	for range 2 {
		s, err := sink.NewTransfer("127.0.0.1:0", sink.Options{})
		require.NoError(t, err)
		defer s.Close()
		relays = append(relays, s)
		b.relays = append(b.relays, s.Addr())
	}
	got := func(i int) uint64 { return relays[i].Counts().Received }
	more := func(i int) {
		t.Helper()
		before := got(i)
		require.Eventually(t, func() bool { return got(i) > before }, patience, 10*time.Millisecond)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.run(ctx)
	}()
	more(0)
	more(1)
	require.NoError(t, relays[0].SetFault(sink.Fault{Mode: sink.Refuse}))
	require.Eventually(t, func() bool { return b.failed.Load() >= 2 }, patience, 10*time.Millisecond)
	more(1)
	require.NoError(t, relays[0].SetFault(sink.Fault{}))
	more(0)
	cancel()
	<-done
	require.GreaterOrEqual(t, int64(got(0)+got(1)), b.taken.Load())
	require.Positive(t, b.taken.Load())
}
