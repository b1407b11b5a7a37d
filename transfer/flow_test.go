package main

import (
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/sink"
)

// While agents push, nodes come and go, listeners move and files are broken: what was
// acknowledged arrives, and no connection of a listener that stays is touched.
func TestChangesWhilePointsFlow(t *testing.T) {
	r := startLive(t)
	second, err := sink.NewGraph("127.0.0.1:0", sink.Options{Record: true})
	require.NoError(t, err)
	t.Cleanup(second.Close)
	const agents, changes = 4, 40
	end := make(chan struct{})
	var pushing sync.WaitGroup
	pushed := make([]int, agents)
	for agent := range agents {
		c := dialRPC(t, r.listeners.address(listenerRPC))
		pushing.Go(func() {
			for {
				select {
				case <-end:
					return
				default:
				}
				if err := c.push(fmt.Sprintf("%d-%d", agent, pushed[agent])); err != nil {
					t.Errorf("agent %d: %v", agent, err)
					return
				}
				pushed[agent]++
			}
		})
	}
	nodes := []section{
		{"graph-00": r.graph.Addr(), "graph-01": second.Addr()},
		{"graph-00": second.Addr(), "graph-01": r.graph.Addr()},
		{"graph-01": second.Addr()},
		{"graph-02": r.graph.Addr()},
	}
	for n := range changes {
		r.cfg["graph"] = section{"enabled": true, "cluster": nodes[n%len(nodes)], "onRemove": []string{"reroute", "drain"}[n%2]}
		r.cfg["minStep"] = 10 + n%3
		if n%5 == 0 {
			r.cfg["socket"] = listenOn(freePort(t))
			require.NoError(t, os.WriteFile(r.file, []byte("{broken"), 0o600))
			r.refusedReload(t)
		}
		r.reload(t)
	}
	close(end)
	pushing.Wait()
	var want []string
	for agent, n := range pushed {
		require.NotZero(t, n)
		for i := range n {
			want = append(want, fmt.Sprintf("%d-%d", agent, i))
		}
	}
	arrived := func() (all []string) {
		for _, p := range append(r.graph.Points(), second.Points()...) {
			all = append(all, p.Endpoint)
		}
		return all
	}
	require.Eventually(t, func() bool { return len(arrived()) >= len(want) }, 20*time.Second, 50*time.Millisecond)
	require.ElementsMatch(t, want, arrived(), "each once")
	for _, target := range (&view{r.Service}).Targets() {
		require.True(t, target.Balanced(), target)
	}
}
