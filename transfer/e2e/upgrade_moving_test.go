package e2e

import (
	"encoding/json"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/transfer/sink"
)

// An upgrade amid the move of a backlog to other nodes: the new process goes on with it,
// and so does the old one after an upgrade that fails late.
func TestUpgradeWhileABacklogMoves(t *testing.T) {
	s := graphSite(t)
	stays, leaves := s.graphs["graph-00"][0], s.graphs["graph-01"][0]
	require.NoError(t, leaves.SetFault(sink.Fault{Mode: sink.Refuse}))
	u := startUpgradable(t, s.graphSections())
	c := visit(t, u, 20)
	eventually(t, "there is a backlog", 20*time.Second, func() bool {
		for id, target := range u.ledger(t) {
			if strings.Contains(id, "graph-01") && target.Queued >= 1000 {
				return true
			}
		}
		return false
	})
	// The backlog has to wait there for a while.
	require.NoError(t, stays.SetFault(sink.Fault{Mode: sink.Slow, Delay: 300 * time.Millisecond}))
	var cfg section
	text, err := os.ReadFile(u.config)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &cfg))
	cfg["graph"].(map[string]any)["cluster"] = section{"graph-00": stays.Addr()}
	text, err = json.Marshal(cfg)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(u.config, text, 0o600))
	require.NoError(t, syscall.Kill(u.process(t), syscall.SIGHUP))
	eventually(t, "the node leaves", 10*time.Second, func() bool { return strings.Contains(u.says(t), "the configuration is reloaded") })

	u.installText(t, takesOver("exit 1"))
	_, code := u.upgrade(t)
	require.Equal(t, 1, code)
	c.flows(t)
	u.install(t, binary)
	u.mustUpgrade(t)
	c.flows(t)
	require.NoError(t, stays.SetFault(sink.Fault{}))
	c.leave()
	eventually(t, "nothing waits any more", 60*time.Second, func() bool {
		for _, target := range u.ledger(t) {
			if target.Queued > 0 {
				return false
			}
		}
		return true
	})
	u.end(t)
	require.Empty(t, leaves.Points())
	delete(s.graphs, "graph-01")
	c.requireDelivered(t, s)
}
