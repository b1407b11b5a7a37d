package sender

import (
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/sender/overflow"
)

// Whatever stands in Redis of a stream, it is refused or makes a target that can be found
// again by its id.
func FuzzLegacy(f *testing.F) {
	s := newSender(1<<30, quiet())
	s.kinds = (&moveBed{rules: Rules{Encoding: "site/1"}}).kinds()
	bed := moveBed{nodes: ringOfThree()}
	bed.section.Name, bed.section.Hash, bed.section.Replicas, bed.section.Lanes = "graph", "crc32", 20, 1
	if err := s.build(bed.config(), Storage{}); err != nil {
		f.Fatal(err)
	}
	good := string(s.Routing())
	for _, target := range []string{"graph/n1/a:1", "graph", "graph/", "graph//", "graph/n1", "graph/n1@n2/b:1", "graph/n1/a:1@B", "judge/n1/a:1"} {
		f.Add("A", target, 0, 1, "crc32", good)
	}
	f.Add("A/B", "graph/n1/a:1", 1, 2, "murmur3", `{"backends":[{"name":"graph","lanes":2,"nodes":[{"name":"n1","addresses":[]}]}]}`)
	f.Fuzz(func(t *testing.T, owner, target string, lane, lanes int, hash, routing string) {
		left := overflow.Meta{Owner: owner, Target: target, Lane: lane, Lanes: lanes, Hash: hash, Encoding: "site/1", Routing: []byte(routing)}
		if s.Refuses(left) != nil {
			return
		}
		l := s.newLegacy(left)
		id := l.at.id(l.heir.name)
		own, relay := partID(id)
		require.Equal(t, [2]string{target, owner}, [2]string{own, relay})
		_, at := parseID(id)
		require.Equal(t, l.at, at)
		l.drains()
		then := l.placing()
		if then.Replicas*len(then.Nodes) > 1000 {
			return // it takes its time
		}
		placed := then.buildFor(l.heir)
		if node, _, found := then.find(id); found && placed != nil {
			require.Less(t, node, len(placed.Nodes()))
		}
	})
}
