package ring

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whoever is next owns the hash in the ring without its owner.
func TestNextOwnsWhatItsOwnerLeaves(t *testing.T) {
	for _, hash := range []Hash{CRC32, Murmur3} {
		for nodes := 2; nodes <= 6; nodes++ {
			var names []string
			for i := range nodes {
				names = append(names, fmt.Sprintf("judge-%02d", i))
			}
			r, err := New(names, 30, hash)
			require.NoError(t, err)
			without := make([]*Ring, nodes)
			for i, name := range names {
				without[i], err = New(slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name }), 30, hash)
				require.NoError(t, err)
			}
			random := rand.New(rand.NewPCG(1, uint64(nodes)))
			hashes := []uint32{0, 1<<32 - 1}
			for _, p := range r.points {
				hashes = append(hashes, p.hash(), p.hash()-1)
			}
			for range 1000 {
				hashes = append(hashes, random.Uint32())
			}
			for _, h := range hashes {
				left := without[r.Node(h)]
				require.Equal(t, left.Nodes()[left.Node(h)], r.Nodes()[r.Next(h)], "%d of %d nodes, %s", h, nodes, hash)
			}
		}
	}
}

func TestNextOfOneNode(t *testing.T) {
	r, err := New([]string{"judge-00"}, 30, CRC32)
	require.NoError(t, err)
	require.Equal(t, -1, r.Next(12345))
}
