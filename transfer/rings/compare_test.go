package rings

import (
	"fmt"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/stat"
	"transfer/sender/ring"
)

func mustRing(t *testing.T, h ring.Hash, replicas int, nodes ...string) *ring.Ring {
	t.Helper()
	r, err := ring.New(nodes, replicas, h)
	require.NoError(t, err)
	return r
}

// Every number of a comparison is what placing each series twice gives.
func TestCompareCountsSeries(t *testing.T) {
	three := []string{"a", "b", "c"}
	for name, c := range map[string]struct{ from, to *ring.Ring }{
		"a node more":  {mustRing(t, ring.CRC32, 500, three...), mustRing(t, ring.CRC32, 500, "a", "b", "c", "d")},
		"a node less":  {mustRing(t, ring.CRC32, 500, three...), mustRing(t, ring.CRC32, 500, "a", "c")},
		"another hash": {mustRing(t, ring.CRC32, 500, three...), mustRing(t, ring.Murmur3, 4000, three...)},
		"the same":     {mustRing(t, ring.Murmur3, 0, three...), mustRing(t, ring.Murmur3, 0, three...)},
		"all new":      {mustRing(t, ring.CRC32, 500, three...), mustRing(t, ring.CRC32, 500, "x", "y")},
	} {
		t.Run(name, func(t *testing.T) {
			d := Compare("graph", c.from, c.to, generated())
			nodes := make(map[string]*stat.NodeDiff)
			for i := range d.Nodes {
				nodes[d.Nodes[i].Node] = &d.Nodes[i]
			}
			var series, moved uint64
			flows := make(map[[2]string]uint64)
			for crc32, murmur3 := range generated() {
				sum := map[ring.Hash]uint32{ring.CRC32: crc32, ring.Murmur3: murmur3}
				before, after := c.from.Nodes()[c.from.Node(sum[c.from.Hash()])], c.to.Nodes()[c.to.Node(sum[c.to.Hash()])]
				series++
				nodes[before].Before--
				nodes[after].After--
				if before != after {
					moved++
					nodes[before].Loses--
					nodes[after].Gains--
					flows[[2]string{before, after}]++
				}
			}
			require.Equal(t, series, d.Series)
			require.Equal(t, moved, d.Moved)
			for _, n := range d.Nodes {
				require.Zero(t, n.Before+n.After+n.Gains+n.Loses, n.Node)
			}
			named := make(map[[2]string]uint64)
			for i, f := range d.Flows {
				named[[2]string{f.From, f.To}] = f.Series
				require.True(t, i == 0 || f.Series <= d.Flows[i-1].Series)
			}
			require.True(t, maps.Equal(flows, named))
			require.InDelta(t, d.Share, float64(moved)/float64(series), 0.01)
			require.Equal(t, []string{c.from.Fingerprint(), c.to.Fingerprint()}, []string{d.From, d.To})
		})
	}
}

func TestCompareNamesTheLargestFlows(t *testing.T) {
	var before, after []string
	for i := range 40 {
		before, after = append(before, fmt.Sprintf("old-%d", i)), append(after, fmt.Sprintf("new-%d", i))
	}
	d := Compare("graph", mustRing(t, ring.Murmur3, 200, before...), mustRing(t, ring.Murmur3, 200, after...), generated())
	require.Equal(t, maxFlows, len(d.Flows))
	require.Positive(t, d.MoreFlows)
	require.LessOrEqual(t, d.MoreFlows, 40*40-maxFlows)
	require.Equal(t, d.Series, d.Moved)
	require.Equal(t, 1.0, d.Share)
}

// The generated series are always the same ones, and no two of them are one.
func TestGeneratedSeries(t *testing.T) {
	var first, second uint32 // over all hashes, in their order
	n := 0
	for crc32, murmur3 := range generated() {
		first, second = first*31+crc32, second*31+murmur3
		n++
	}
	require.Equal(t, []uint32{0x33849520, 0x259fb7a5}, []uint32{first, second})
	require.Equal(t, generatedHosts*len(generatedCounters()), n)
	seen := make(map[string]bool)
	for _, counter := range generatedCounters() {
		require.False(t, seen[counter], counter)
		seen[counter] = true
		key, err := keyOf([]string{"host-00001.example/" + counter})
		require.NoError(t, err)
		require.Equal(t, "host-00001.example/"+counter, key, "as the relay would make it")
	}
}
