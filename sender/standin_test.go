package sender

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g"
)

func TestSectionsWithFailover(t *testing.T) {
	right := g.Backend{Name: "judge", OnDown: "failover", ProbeInterval: time.Second, Nodes: []g.Node{{Name: "judge-00"}}}
	silent, named := right, right
	silent.ProbeInterval = 0
	named.Nodes = []g.Node{{Name: "judge-00@judge-01"}}
	for _, c := range []struct {
		section  g.Backend
		complain string
	}{
		{right, ""},
		{silent, "judge.probeInterval"},
		{named, "judge.cluster.judge-00@judge-01"},
	} {
		err := checkFailover(&c.section)
		if c.complain == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, c.complain)
		}
		c.section.OnDown = "wait"
		require.NoError(t, checkFailover(&c.section))
	}
}

// Only a node with as many addresses can stand in: each one takes the points of one.
func TestWhoMayStandIn(t *testing.T) {
	b := newAwayBed(t, map[string][]string{"n0": {"a:1"}, "n1": {"b:1"}, "n2": {"c:1", "c:2"}})
	b.start(t)
	defer b.stop(t, false)
	c := b.sender.Clusters()[0]
	require.True(t, b.sender.mayStandIn(c, 1, 0))
	require.False(t, b.sender.mayStandIn(c, 0, 0), "itself")
	require.False(t, b.sender.mayStandIn(c, 2, 0), "it has two addresses")
}
