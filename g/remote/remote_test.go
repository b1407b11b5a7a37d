package remote

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// startRedis starts a real server for the test and returns its address.
func startRedis(t *testing.T, settings ...string) string {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("no redis-server is installed")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := ln.Addr().String()
	require.NoError(t, ln.Close())
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	server := exec.Command(program, append([]string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir()}, settings...)...)
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		require.NoError(t, server.Process.Kill())
		_, _ = server.Process.Wait()
	})
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
	return address
}

func section(t *testing.T, address string) *g.Redis {
	t.Helper()
	cfg, err := g.Parse("cfg.json", []byte(`{"redis": {"enabled": true, "addrs": ["`+address+`"], "connTimeout": 300, "callTimeout": 300}}`))
	require.NoError(t, err)
	return &cfg.Redis
}

func TestMemoryOfARealServer(t *testing.T) {
	client, err := Open(section(t, startRedis(t, "--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru")))
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Close()) }()
	facts, err := Memory(t.Context(), client)
	require.NoError(t, err)
	require.Equal(t, int64(64<<20), facts.Max)
	require.Equal(t, "allkeys-lru", facts.Policy)
	require.Positive(t, facts.Used)

	require.NoError(t, client.ConfigSet(t.Context(), "maxmemory", "0").Err())
	facts, err = Memory(t.Context(), client)
	require.NoError(t, err)
	require.Greater(t, facts.Max, int64(64<<20), "the machine's")
}

func TestPasswordIsUsed(t *testing.T) {
	s := section(t, startRedis(t, "--requirepass", "s3cret"))
	for password, fine := range map[string]bool{"s3cret": true, "other": false} {
		s.Password = password
		client, err := Open(s)
		require.NoError(t, err)
		err = client.Ping(t.Context()).Err()
		require.Equal(t, fine, err == nil, "%s: %v", password, err)
		require.NoError(t, client.Close())
	}
}

// A server that takes connections and never answers costs a call its timeout once.
func TestCallsAreBounded(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = ln.Close() }()
	client, err := Open(section(t, ln.Addr().String()))
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Close()) }()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.Error(t, client.Ping(ctx).Err())
	require.NoError(t, ctx.Err(), "it ended by its own timeout")
}

func TestCertificatesAreChecked(t *testing.T) {
	s := section(t, "127.0.0.1:1")
	s.TLS = g.RedisTLS{Enabled: true, CAFile: filepath.Join(t.TempDir(), "none.pem")}
	_, err := Open(s)
	require.ErrorContains(t, err, "cannot read redis.tls.caFile")
	require.NoError(t, os.WriteFile(s.TLS.CAFile, []byte("no PEM"), 0o600))
	_, err = Open(s)
	require.ErrorContains(t, err, "no certificate is in it")
	s.TLS = g.RedisTLS{Enabled: true, CertFile: "none", KeyFile: "none"}
	_, err = Open(s)
	require.ErrorContains(t, err, "certFile and keyFile")
}

func TestFullest(t *testing.T) {
	require.Equal(t, Facts{Max: 10, Used: 9, Policy: "allkeys-lru"}, fullest([]Facts{
		{Max: 100, Used: 50, Policy: "allkeys-lru"}, {Max: 10, Used: 9, Policy: NoEviction},
	}))
}

// What a server says of itself is read or refused, never half.
func FuzzParseMemory(f *testing.F) {
	f.Add("# Memory\r\nused_memory:1\r\nmaxmemory:0\r\ntotal_system_memory:5\r\nmaxmemory_policy:noeviction\r\n")
	f.Add("maxmemory:-1")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		facts, err := parseMemory(text)
		if err != nil {
			require.Zero(t, facts)
			return
		}
		require.Positive(t, facts.Max)
		require.GreaterOrEqual(t, facts.Used, int64(0))
	})
}
