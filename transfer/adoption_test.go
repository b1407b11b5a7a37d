package main

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfer/g"
	"transfer/g/stat"
	"transfer/sender/overflow"
	"transfer/sender/queue"
	"transfer/transfer/sink"
)

// leaving returns what makes a relay of the site leave what it has for the address in
// Redis, two seconds after it is gone.
func (s testSite) leaving(relay, address string) section {
	more := s.overflowing(relay, "disk+redis")
	more["redis"].(section)["lease"] = "2s"
	more["graph"].(section)["cluster"] = section{"graph-00": address}
	return more
}

// startFrom starts a relay from the file.
func startFrom(t *testing.T, file string) *Service {
	t.Helper()
	cfg, err := g.Load(file)
	require.NoError(t, err)
	s, err := NewService(cfg, slog.New(slog.DiscardHandler), plainPorts{})
	require.NoError(t, err)
	s.Start()
	return s
}

// targetOf returns what is shown of a target.
func targetOf(s *Service, id string) stat.Target {
	for _, row := range (&view{s}).Targets() {
		if row.ID == id {
			return row
		}
	}
	return stat.Target{}
}

// A relay ends with a backlog in Redis; another one delivers it, and the first one knows
// when it is back.
func TestBacklogIsAdopted(t *testing.T) {
	site := startSite(t)
	file := filepath.Join(t.TempDir(), "cfg.json")
	a := &liveRelay{file: file, cfg: site.leaving("a", "127.0.0.1:1")}
	a.cfg["dataDir"], a.cfg["http"] = t.TempDir(), listenOn(freePort(t))
	a.write(t)
	before := startFrom(t, file)
	push(t, before, 0, 10)
	const id = "graph/graph-00/127.0.0.1:1"
	inRedis := func() bool { return targetOf(before, id).RedisPoints == 10 }
	if !assert.Eventually(t, inRedis, 20*time.Second, 10*time.Millisecond) {
		before.Stop()
		return
	}
	before.Stop()

	graph, err := sink.NewGraph("127.0.0.1:0", sink.Options{Record: true})
	require.NoError(t, err)
	t.Cleanup(func() { graph.Close() })
	b := launchLive(t, site.leaving("b", graph.Addr()))
	require.Eventually(t, func() bool { return len(graph.Points()) == 10 }, 20*time.Second, 10*time.Millisecond)
	push(t, b.Service, 10, 10)
	require.Eventually(t, func() bool { return len(graph.Points()) == 20 }, 20*time.Second, 10*time.Millisecond)
	for i, p := range graph.Points() {
		require.EqualValues(t, i, p.Value)
	}
	require.Eventually(t, func() bool { return targetOf(b.Service, id+"@a").State == stat.StateGone }, 10*time.Second, 10*time.Millisecond)
	row := targetOf(b.Service, id+"@a")
	require.Equal(t, uint64(10), row.MovedIn)
	require.Equal(t, row.Accepted+10, row.MovedOut, "with what has come behind it")
	require.Equal(t, "a", row.LeftBy)

	after := startFrom(t, file)
	t.Cleanup(after.Stop)
	require.Eventually(t, func() bool { return targetOf(after, id).MovedOut == 10 }, 10*time.Second, 10*time.Millisecond)
	row = targetOf(after, id)
	require.Zero(t, row.Queued)
	require.True(t, row.Balanced(), row)
}

// What cannot be adopted is a detail of the health, for as long as it is there.
func TestStrandedBacklogIsSaid(t *testing.T) {
	site := startSite(t)
	client := site.Client()
	defer func() { require.NoError(t, client.Close()) }()
	store := overflow.New(overflow.Options{Client: client, Prefix: "transfer", Relay: "a", Lease: 2 * time.Second})
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() { defer close(ended); store.Run(stop) }()
	stream := store.Own(overflow.StreamOptions{Target: "graph/graph-00/127.0.0.1:1", Lanes: 1, Hash: "crc32", Encoding: "graph/0"})
	require.Eventually(t, stream.Writable, 10*time.Second, time.Millisecond)
	left := &queue.Block{Payload: []byte("x"), Accepted: time.Now()}
	left.Close(7)
	_, err := stream.Append(left)
	require.NoError(t, err)
	close(stop)
	<-ended

	b := launchLive(t, site.leaving("b", "127.0.0.1:1"))
	details := func() string { return fmt.Sprint((&view{b.Service}).Health().Details) }
	require.Eventually(t, func() bool { return details() != "[]" }, 20*time.Second, 10*time.Millisecond)
	require.Contains(t, details(), `cannot adopt graph/graph-00/127.0.0.1:1 of relay a: its points have the form "graph/0"`)
	site.Flush()
	require.Eventually(t, func() bool { return details() == "[]" }, 20*time.Second, 10*time.Millisecond)
}
