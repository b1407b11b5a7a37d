package ring

import (
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// At and around every virtual point the one that is named owns the hash, and has its
// own hash by its number and node.
func TestPointOf(t *testing.T) {
	for _, h := range []Hash{CRC32, Murmur3} {
		r := mustRing(t, []string{"1-graph", "11-graph", "graph-00"}, 20, h)
		last := r.points[len(r.points)-2].hash()
		hashes := []uint32{0, math.MaxUint32}
		for _, p := range r.points {
			hashes = append(hashes, p.hash()-1, p.hash(), p.hash()+1)
		}
		for _, hash := range hashes {
			p, wrapped := r.PointOf(hash)
			require.Equal(t, r.Nodes()[r.Node(hash)], p.Node, hash)
			require.Equal(t, p.Hash, h.Sum(strconv.Itoa(p.Number)+p.Node))
			require.Less(t, p.Number, 20)
			require.Equal(t, hash >= last, wrapped, hash)
			require.Equal(t, wrapped, p.Hash <= hash, hash)
		}
	}
}
