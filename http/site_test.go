package http

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/stat"
)

// fakeSite is what a fakeRelay shares with others: nothing unless the test says so.
type fakeSite struct {
	topology stat.Topology
	peers    stat.Peers
}

func (f *fakeSite) Topology() stat.Topology { return f.topology }

func (f *fakeSite) Peers() stat.Peers { return f.peers }

func TestSite(t *testing.T) {
	relay, from := newFakeRelay(), time.Unix(1_700_000_000, 0).UTC()
	relay.fakeSite = fakeSite{
		stat.Topology{
			Enabled: true, Redis: true, State: stat.FollowingFollows, Version: 7, ID: "ab",
			EffectiveAt: &from, Document: map[string]int{"version": 7},
		},
		stat.Peers{Enabled: true, Relay: "r1", Alive: 1, Differences: []string{"topology: differs"}, Relays: []stat.Peer{
			{Relay: "r1", Version: 7, Rings: map[string]string{"graph": "ff"}, State: stat.FollowingFollows, Alive: true},
			{Relay: "r2", State: stat.FollowingNone},
		}},
	}
	base := start(t, relay)
	_, body := ask(t, "GET", base+"/api/topology", "")
	require.Equal(t, `{"enabled":true,"redis":true,"state":"following","version":7,"id":"ab","effectiveAt":"2023-11-14T22:13:20Z","document":{"version":7}}`, body)
	_, body = ask(t, "GET", base+"/api/peers", "")
	require.Contains(t, body, `{"enabled":true,"relay":"r1","agree":false,"alive":1,"differences":["topology: differs"],"relays":[{"relay":"r1",`)
	_, body = ask(t, "GET", base+"/api/status", "")
	require.Contains(t, body, `"site":{"topology":{"enabled":true,`)
	require.NotContains(t, body, `"document"`)
	_, body = ask(t, "GET", base+"/metrics", "")
	for _, line := range []string{"transfer_topology_version 7", "transfer_redis_up 1", "transfer_peers_alive 1", "transfer_peers_disagree 1"} {
		require.Contains(t, body, "\n"+line+"\n")
	}
}

// A relay alone says no more than that.
func TestNoSite(t *testing.T) {
	base := start(t, newFakeRelay())
	_, body := ask(t, "GET", base+"/api/status", "")
	require.NotContains(t, body, `"site"`)
	_, body = ask(t, "GET", base+"/metrics", "")
	require.NotContains(t, body, "transfer_peers_alive")
}

// Nodes that the relays share are changed at one relay no more.
func TestNodesOfASiteAreNotChanged(t *testing.T) {
	relay := newFakeRelay()
	relay.badChange = stat.ErrTopology
	reply, body := ask(t, "POST", start(t, relay)+"/api/clusters/graph/nodes", `{"name":"n","addresses":["h:1"]}`)
	require.Equal(t, 409, reply.StatusCode)
	require.Contains(t, body, "the relays share")
}
