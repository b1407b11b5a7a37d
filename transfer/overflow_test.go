package main

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g"
	"transfer/http"
	"transfer/sender/servertest"
)

// overflowing returns what makes a relay of the site have its backlogs of graph in Redis.
func (s testSite) overflowing(relay, overflow string) section {
	return section{
		"redis": s.section(relay),
		"graph": section{"enabled": true, "overflow": overflow, "cluster": section{"graph-00": "127.0.0.1:1"}},
	}
}

// A Redis that would throw backlogs away is not given any.
func TestRedisThatEvictsIsRefused(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	site := testSite{servertest.StartRedis(t, "--maxmemory-policy", "allkeys-lru")}
	r := &liveRelay{file: t.TempDir() + "/cfg.json", cfg: site.overflowing("a", "disk+redis")}
	r.cfg["dataDir"] = t.TempDir()
	r.write(t)
	cfg, err := g.Load(r.file)
	require.NoError(t, err)
	_, err = NewService(cfg, slog.New(slog.DiscardHandler), plainPorts{})
	require.ErrorContains(t, err, "graph.overflow")
	require.ErrorContains(t, err, "CONFIG SET maxmemory-policy noeviction")

	r.cfg["graph"] = site.overflowing("a", "disk")["graph"]
	r.write(t)
	cfg, err = g.Load(r.file)
	require.NoError(t, err)
	s, err := NewService(cfg, slog.New(slog.DiscardHandler), plainPorts{})
	require.NoError(t, err, "nothing of it goes there")
	s.Start()
	s.Stop()
}

// A Redis that hangs holds up neither a start nor what is promised.
func TestStartWithoutRedis(t *testing.T) {
	site := startSite(t)
	site.Stop()
	r := launchLive(t, site.overflowing("a", "disk+redis"))
	view := &view{r.Service}
	require.Eventually(t, func() bool { return len(view.Health().Details) > 1 }, 10*time.Second, 10*time.Millisecond)
	health := view.Health()
	require.Equal(t, http.DurabilityOK, health.Durability)
	require.Contains(t, health.Details[len(health.Details)-1], "graph.overflow: backlogs do not go to Redis")
	site.Continue()
	require.Eventually(t, func() bool { return len(view.Health().Details) == 0 }, 10*time.Second, 10*time.Millisecond)
}
