package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	nethttp "net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g"
	"transfer/g/remote"
	"transfer/g/stat"
	"transfer/sender/servertest"
	"transfer/transfer/topology"
)

// testSite is a Redis that relays share.
type testSite struct{ *servertest.Redis }

// startSite starts one. When the test ends no goroutine may be left.
func startSite(t *testing.T) testSite {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) }) // after all else
	return testSite{servertest.StartRedis(t)}
}

func (s testSite) section(relay string) section {
	return section{"enabled": true, "addrs": []string{s.Address}, "relay": relay, "connTimeout": 500, "callTimeout": 500}
}

// launch starts a relay of the site.
func (s testSite) launch(t *testing.T, name string) *liveRelay {
	t.Helper()
	return launchLive(t, section{"redis": s.section(name)})
}

// store returns the topology of the site.
func (s testSite) store(t *testing.T) *topology.Store {
	t.Helper()
	client, err := remote.Open(&g.Redis{Addrs: []string{s.Address}, ConnTimeout: time.Second, CallTimeout: time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return topology.NewStore(client, "transfer")
}

// set makes nodes, NAME=ADDRESS, the topology of graph.
func (s testSite) set(t *testing.T, p topology.Proposal, nodes ...string) *topology.Document {
	t.Helper()
	cluster := make(section)
	for _, n := range nodes {
		name, address, _ := strings.Cut(n, "=")
		cluster[name] = address
	}
	text, err := json.Marshal(section{"graph": section{"enabled": true, "cluster": cluster}})
	require.NoError(t, err)
	cfg, err := g.Parse("cfg.json", text)
	require.NoError(t, err)
	p.Document, err = topology.From(cfg)
	require.NoError(t, err)
	store := s.store(t)
	p.After, err = store.Current(t.Context())
	require.NoError(t, err)
	d, err := store.Propose(t.Context(), p)
	require.NoError(t, err)
	return d
}

// graphNodes returns the nodes of graph that are in force.
func (r *liveRelay) graphNodes() []string { return nodeNames(r.config().Backend("graph").Nodes) }

func (r *liveRelay) topology() stat.Topology { return (&view{r.Service}).Topology() }

// follows waits until the relay has the version.
func (r *liveRelay) follows(t *testing.T, version uint64) {
	t.Helper()
	require.Eventually(t, func() bool { return r.topology().Version == version }, 20*time.Second, 5*time.Millisecond, "%v", r.topology())
}

// rejects waits until the relay says that it does not take what is set, and returns why.
func (r *liveRelay) rejects(t *testing.T) string {
	t.Helper()
	require.Eventually(t, func() bool { return r.topology().State == stat.FollowingRejected }, 20*time.Second, 5*time.Millisecond)
	return r.topology().Trouble
}

// Three relays with rings of their own files have one ring once a topology is set, and
// answer alike.
func TestRelaysOfASiteHaveOneRing(t *testing.T) {
	site := startSite(t)
	var all []*liveRelay
	for i := range 3 {
		all = append(all, site.launch(t, fmt.Sprint("relay-", i)))
	}
	first := all[0]
	require.NoError(t, (&view{first.Service}).AddNode("graph", "by-hand", []string{"127.0.0.1:1"}, false))
	require.Eventually(t, func() bool { return !(&view{first.Service}).Peers().Agree }, 20*time.Second, 5*time.Millisecond)
	require.Empty(t, first.conf.Load().unused())

	node := "graph-00=" + first.graph.Addr()
	d := site.set(t, topology.Proposal{In: time.Second}, node, "graph-01=127.0.0.1:1")
	for _, r := range all {
		r.follows(t, 1)
		require.Equal(t, []string{"graph-00", "graph-01"}, r.graphNodes())
		require.Equal(t, first.sender.Rings()[0].Fingerprint, r.sender.Rings()[0].Fingerprint)
		require.False(t, time.Now().Before(time.UnixMilli(d.EffectiveAt)))
	}
	for _, r := range all {
		require.Eventually(t, func() bool { p := (&view{r.Service}).Peers(); return p.Agree && p.Alive == 3 }, 20*time.Second, 5*time.Millisecond)
	}
	require.Empty(t, first.conf.Load().edits, "the API's change went with the ring that it was of")

	web := first.listeners.address(listenerHTTP)
	_, body := get(t, web, "/api/topology")
	require.Contains(t, body, `{"enabled":true,"redis":true,"state":"following","version":1,"id":"`+d.ID+`",`)
	require.Contains(t, body, `"cluster":{"graph-00":"`+first.graph.Addr()+`"`)
	_, body = get(t, web, "/api/peers")
	require.Contains(t, body, `"agree":true,"alive":3,"differences":[]`)
	_, body = get(t, web, "/metrics")
	require.Contains(t, body, "\ntransfer_peers_disagree 0\n")
	_, body = get(t, web, "/api/health")
	require.Equal(t, `{"durability":"ok","details":[]}`, body)
	_, body = get(t, web, "/config")
	require.Contains(t, body, `"graph-01":"127.0.0.1:1"`)
}

// Nodes that come from the topology are not changed at one relay.
func TestNodesOfTheTopologyAreNotEdited(t *testing.T) {
	site := startSite(t)
	r := site.launch(t, "r")
	site.set(t, topology.Proposal{}, "graph-00="+r.graph.Addr())
	r.follows(t, 1)
	api := &view{r.Service}
	for name, err := range map[string]error{
		"add": api.AddNode("graph", "n", []string{"h:1"}, true), "remove": api.RemoveNode("graph", "graph-00", "", true),
		"drain": api.DrainNode("graph", "graph-00"), "resume": api.ResumeNode("graph", "graph-00"),
	} {
		require.ErrorIs(t, err, stat.ErrTopology, name)
		require.ErrorContains(t, err, "transfer topology set", name)
	}
	post := &nethttp.Client{Transport: &nethttp.Transport{DisableKeepAlives: true}}
	reply, err := post.Post("http://"+r.listeners.address(listenerHTTP)+"/api/clusters/graph/nodes", "application/json", strings.NewReader(`{"name":"n","addresses":["h:1"]}`))
	require.NoError(t, err)
	require.NoError(t, reply.Body.Close())
	require.Equal(t, 409, reply.StatusCode)
	require.Equal(t, []string{"graph-00"}, r.graphNodes())
}

// The file's rings do not come into force while the topology is; all else of it does.
func TestAFileWithOtherClusters(t *testing.T) {
	site := startSite(t)
	r := site.launch(t, "r")
	site.set(t, topology.Proposal{}, "graph-00="+r.graph.Addr())
	r.follows(t, 1)
	r.cfg["graph"].(section)["cluster"].(section)["graph-01"] = "127.0.0.1:1"
	r.cfg["graph"].(section)["maxMove"] = 0.3
	r.write(t)
	done, err := r.Reload(false)
	require.NoError(t, err)
	require.Equal(t, []string{"graph.maxMove: 0.3 added"}, done.Changed)
	require.Len(t, done.Warnings, 1)
	require.Contains(t, done.Warnings[0], "graph.cluster, hash and replicas of the file are not in force, version 1 of the shared topology is")
	require.Equal(t, []string{"graph-00"}, r.graphNodes())

	// A version goes by the maxMove of the file.
	site.set(t, topology.Proposal{}, "graph-00="+r.graph.Addr(), "graph-01=127.0.0.1:1")
	require.Contains(t, r.rejects(t), "version 2 of the shared topology is rejected, version 1 stays in force: ")
	require.Contains(t, r.topology().Trouble, "graph.maxMove is 0.3")
	_, body := get(t, r.listeners.address(listenerHTTP), "/api/health")
	require.Contains(t, body, `{"durability":"ok","details":["version 2 of the shared topology is rejected`)
	require.Equal(t, []string{"graph-00"}, r.graphNodes())
	site.set(t, topology.Proposal{Forced: true}, "graph-00="+r.graph.Addr(), "graph-01=127.0.0.1:1")
	r.follows(t, 3)
	require.Equal(t, []string{"graph-00", "graph-01"}, r.graphNodes())
	done, err = r.Reload(false)
	require.NoError(t, err)
	require.Empty(t, done.Warnings, "the file has the same by now")
}

// A version that this relay cannot build changes nothing here.
func TestATopologyThatCannotBeBuilt(t *testing.T) {
	site := startSite(t)
	r := site.launch(t, "r")
	r.cfg["graph"].(section)["onDown"] = "failover"
	r.reload(t)
	before := r.conf.Load()
	site.set(t, topology.Proposal{}, "graph@00="+r.graph.Addr())
	require.Contains(t, r.rejects(t), "graph@00")
	require.Same(t, before, r.conf.Load())
	require.NoError(t, dialRPC(t, r.listeners.address(listenerRPC)).push("e"))
	r.arrived(t, "e")
}

// again starts the relay once more, from its file and its data directory.
func (r *liveRelay) again(t *testing.T) *Service {
	t.Helper()
	cfg, err := g.Load(r.file)
	require.NoError(t, err)
	s, err := NewService(cfg, slog.New(slog.DiscardHandler), plainPorts{})
	require.NoError(t, err)
	s.Start()
	return s
}

// Without Redis a relay starts with the topology that it had last; with it, with the one
// that is in force by now.
func TestAStartTakesTheTopology(t *testing.T) {
	site := startSite(t)
	r := site.launch(t, "r")
	node := "graph-00=" + r.graph.Addr()
	site.set(t, topology.Proposal{}, node, "graph-01=127.0.0.1:1")
	r.follows(t, 1)
	r.Stop()
	site.Kill()
	r.Service = r.again(t)
	require.Equal(t, []string{"graph-00", "graph-01"}, r.graphNodes())
	require.Eventually(t, func() bool { return strings.Contains(r.topology().Trouble, "Redis cannot be asked") }, 20*time.Second, 5*time.Millisecond)
	_, body := get(t, r.listeners.address(listenerHTTP), "/api/health")
	require.Contains(t, body, `{"durability":"ok","details":["Redis cannot be asked for the shared topology, version 1 stays in force`)
	_, body = get(t, r.listeners.address(listenerHTTP), "/metrics")
	require.Contains(t, body, "\ntransfer_redis_up 0\n")

	site.Restart() // with nothing in it
	store := site.store(t)
	require.Eventually(t, func() bool {
		d, err := store.Current(context.Background())
		return err == nil && d != nil && d.Version == 1
	}, 20*time.Second, 5*time.Millisecond, "it is put back")
	r.Stop()
	site.set(t, topology.Proposal{}, node)
	r.Service = r.again(t)
	require.Equal(t, []string{"graph-00"}, r.graphNodes())
	require.Equal(t, uint64(2), r.topology().Version)
}
