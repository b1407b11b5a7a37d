package main

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g"
	"transfer/g/stat"
	"transfer/sender"
)

// seenRoutes is routes that change nothing and tell what they were asked for.
type seenRoutes struct {
	sender           *sender.Sender
	moves            float64 // of graph
	refuses          error
	planned          []*g.Config
	applied, dropped int
}

func (r *seenRoutes) Plan(cfg *g.Config) (rerouting, error) {
	if r.refuses != nil {
		return nil, r.refuses
	}
	r.planned = append(r.planned, cfg)
	return r, nil
}

func (r *seenRoutes) Clusters() []*sender.Cluster { return r.sender.Clusters() }

func (r *seenRoutes) Routing() []byte { return r.sender.Routing() }

func (r *seenRoutes) Moves() map[string]float64 {
	return map[string]float64{"graph": r.moves, "judge": 1}
}

func (r *seenRoutes) Apply() { r.applied++ }

func (r *seenRoutes) Drop() { r.dropped++ }

// last returns graph's section of the last plan.
func (r *seenRoutes) last() *g.Backend { return r.planned[len(r.planned)-1].Backend("graph") }

// withSeenRoutes starts a relay over them.
func withSeenRoutes(t *testing.T) (*liveRelay, *view, *seenRoutes) {
	t.Helper()
	r := startLive(t)
	routes := &seenRoutes{sender: r.sender}
	r.routes = routes
	return r, &view{r.Service}, routes
}

func nodeNames(nodes []g.Node) (names []string) {
	for _, n := range nodes {
		names = append(names, n.Name)
	}
	return names
}

// The API changes nodes as the file would; a reload of the file drops that.
func TestNodesChangeByTheAPI(t *testing.T) {
	r, api, routes := withSeenRoutes(t)
	nodes := func() []string { return nodeNames(r.config().Backend("graph").Nodes) }

	require.NoError(t, api.AddNode("graph", "graph-01", []string{"127.0.0.1:1", "127.0.0.1:2"}, false))
	require.Equal(t, []string{"graph-00", "graph-01"}, nodes())
	require.Equal(t, []string{"127.0.0.1:1", "127.0.0.1:2"}, routes.last().Nodes[1].Addresses)
	require.NoError(t, api.DrainNode("graph", "graph-01"))
	require.NoError(t, api.DrainNode("graph", "graph-01"), "it is done already")
	require.Equal(t, []string{"graph-00"}, nodes())
	require.Equal(t, "drain", routes.last().OnRemove)
	require.NoError(t, api.ResumeNode("graph", "graph-01"))
	require.Equal(t, []string{"graph-00", "graph-01"}, nodes())
	require.Equal(t, "reroute", routes.last().OnRemove)
	require.NoError(t, api.RemoveNode("graph", "graph-00", "drain", false))
	require.Equal(t, []string{"graph-01"}, nodes())
	require.Equal(t, "drain", routes.last().OnRemove)
	require.Equal(t, "reroute", r.config().Backend("graph").OnRemove, "it holds for what leaves now")
	require.Equal(t, len(routes.planned), routes.applied)

	text, err := r.config().Effective().MarshalJSON()
	require.NoError(t, err)
	require.Contains(t, string(text), "graph-01")
	require.Equal(t, []string{
		`graph.cluster.graph-00: ` + r.graph.Addr() + ` added`,
		`graph.cluster.graph-01: 127.0.0.1:1,127.0.0.1:2 removed`,
		"dropped, since the file does not have it: graph.cluster.graph-01 was added by the API",
		"dropped, since the file does not have it: graph.cluster.graph-00 was removed by the API",
	}, r.reload(t))
	require.Equal(t, []string{"graph-00"}, nodes())

	require.NoError(t, api.AddNode("graph", "graph-01", []string{"127.0.0.1:1"}, false))
	require.NoError(t, api.RemoveNode("graph", "graph-01", "", false))
	require.Equal(t, "reroute", routes.last().OnRemove)
	require.Empty(t, r.conf.Load().edits, "as if nothing had been")
	require.NoError(t, api.DrainNode("graph", "graph-00"))
	require.NoError(t, api.RemoveNode("graph", "graph-00", "", false))
	require.ErrorIs(t, api.ResumeNode("graph", "graph-00"), stat.ErrNoNode)
	require.NoError(t, api.AddNode("graph", "graph-00", []string{r.graph.Addr()}, false))
	require.Empty(t, r.conf.Load().edits, "it is as in the file again")
}

// What cannot be is refused with its reason, and nothing has changed.
func TestNodesThatCannotChange(t *testing.T) {
	r, api, routes := withSeenRoutes(t)
	before := r.conf.Load()
	for name, change := range map[string]struct {
		err  error
		is   error
		says string
	}{
		"unknown backend":  {err: api.AddNode("nothing", "n", []string{"h:1"}, false), is: stat.ErrNoNode, says: `"nothing" is no enabled backend`},
		"disabled backend": {err: api.AddNode("judge", "n", []string{"h:1"}, false), is: stat.ErrNoNode},
		"no name":          {err: api.AddNode("graph", "", []string{"h:1"}, false), says: "no name"},
		"no address":       {err: api.AddNode("graph", "n", nil, false), says: "no address"},
		"bad address":      {err: api.AddNode("graph", "n", []string{"h"}, false), says: "no host:port"},
		"there already":    {err: api.AddNode("graph", "graph-00", []string{"h:1"}, false), says: "there already"},
		"remove unknown":   {err: api.RemoveNode("graph", "n", "", false), is: stat.ErrNoNode},
		"drain unknown":    {err: api.DrainNode("graph", "n"), is: stat.ErrNoNode},
		"resume unknown":   {err: api.ResumeNode("graph", "n"), is: stat.ErrNoNode},
		"not drained":      {err: api.ResumeNode("graph", "graph-00"), says: "not drained"},
	} {
		require.Error(t, change.err, name)
		require.ErrorContains(t, change.err, change.says, name)
		if change.is != nil {
			require.ErrorIs(t, change.err, change.is, name)
		}
	}
	routes.refuses = errors.New("as the sender says")
	require.ErrorIs(t, api.AddNode("graph", "n", []string{"h:1"}, false), routes.refuses)
	require.Same(t, before, r.conf.Load())
	require.Zero(t, routes.applied)
}

// A change that moves more than maxMove is refused unless it is forced.
func TestMaxMove(t *testing.T) {
	r, api, routes := withSeenRoutes(t)
	routes.moves = 0.5
	r.cfg["graph"].(section)["maxMove"] = 0.25
	r.write(t)
	_, err := r.Reload(false)
	require.ErrorIs(t, err, stat.ErrMaxMove)
	require.ErrorContains(t, err, "graph.maxMove is 0.25 and 0.5 of the series")
	require.Equal(t, 1, routes.dropped)
	done, err := r.Reload(true)
	require.NoError(t, err)
	require.Equal(t, []string{"graph.maxMove: 0.25 added"}, done.Changed)

	require.ErrorIs(t, api.AddNode("graph", "graph-01", []string{"h:1"}, false), stat.ErrMaxMove)
	require.NoError(t, api.AddNode("graph", "graph-01", []string{"h:1"}, true))
	require.ErrorIs(t, api.RemoveNode("graph", "graph-01", "", false), stat.ErrMaxMove)
	require.NoError(t, api.DrainNode("graph", "graph-01"), "it says itself what moves")
	require.Equal(t, 2, routes.applied-1)
	require.Equal(t, 3, routes.dropped)
	r.cfg["rpc"] = listenOn(r.listeners.address(listenerSocket)) // cannot be bound
	r.cfg["minStep"] = 10
	r.write(t)
	_, err = r.Reload(true)
	require.ErrorContains(t, err, "rpc.listen")
	require.Equal(t, 4, routes.dropped, "the targets' part is given up, too")
}

// The units say how they differ from the file.
func TestUnitsTellWhatDiffers(t *testing.T) {
	r := startLive(t)
	api := &view{r.Service}
	find := func(id string) *stat.Unit {
		for _, u := range api.Units() {
			if u.ID == id {
				return &u
			}
		}
		return nil
	}
	first, away := "graph/graph-00/"+r.graph.Addr(), "127.0.0.1:1"
	second := "graph/graph-01/" + away
	require.Empty(t, find(first).Differs)
	require.Eventually(t, func() bool { return find("listener/rpc").State == stat.UnitUp }, 10*time.Second, time.Millisecond)
	require.NoError(t, api.AddNode("graph", "graph-01", []string{away}, false))
	require.Equal(t, "added by the API", find(second).Differs)
	require.NoError(t, api.RemoveNode("graph", "graph-00", "", false))
	require.Eventually(t, func() bool { return find(first) == nil }, 10*time.Second, 10*time.Millisecond, "nothing waited for it")

	agent := dialRPC(t, r.listeners.address(listenerRPC))
	require.NoError(t, agent.push("one"))
	require.NoError(t, api.AddNode("graph", "graph-00", []string{r.graph.Addr()}, false))
	require.Empty(t, find(first).Differs)
	require.NoError(t, api.DrainNode("graph", "graph-01"))
	require.Equal(t, stat.UnitDraining, find(second).State)
	require.Equal(t, "drained by the API: 1 points on their way out", find(second).Differs)
	require.NoError(t, agent.push("two"))
	r.arrived(t, "two")
	require.NoError(t, api.ResumeNode("graph", "graph-01"))
	require.Equal(t, "added by the API", find(second).Differs)
	require.NoError(t, api.RemoveNode("graph", "graph-01", "reroute", false))
	r.arrived(t, "one", "two")
	require.ErrorContains(t, api.DrainNode("graph", "graph-00"), "no node", "a ring needs one")
}

func TestDifferenceOfATargetThatLeaves(t *testing.T) {
	leaving := &stat.Target{State: stat.StateLeaving, Ledger: stat.Ledger{Queued: 7}}
	require.Equal(t, "not in the file: 7 points on their way out", difference(leaving, nil))
	require.Equal(t, "not in the file: 7 points on their way out", difference(leaving, &edit{kind: nodeAdded}))
	require.Equal(t, "removed by the API: 7 points on their way out", difference(leaving, &edit{kind: nodeRemoved}))
}
