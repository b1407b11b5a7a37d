package ring

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// sampled is Moved by counting: over 2^20 hashes, or where the rings have different
// ones, over 2^16 series.
func sampled(from, to *Ring) float64 {
	samples, sums := 1<<20, func(i int) (uint32, uint32) { return uint32(i) << 12, uint32(i) << 12 }
	if from.hash != to.hash {
		samples, sums = 1<<16, func(i int) (uint32, uint32) {
			key := fmt.Sprintf("host-%d/cpu.idle/core=%d", i/16, i%16)
			return from.hash.Sum(key), to.hash.Sum(key)
		}
	}
	moved := 0
	for i := range samples {
		a, b := sums(i)
		if from.nodes[from.Node(a)] != to.nodes[to.Node(b)] {
			moved++
		}
	}
	return float64(moved) / float64(samples)
}

func TestMovedIsWhatACountGives(t *testing.T) {
	cases := []struct {
		name     string
		from, to *Ring
	}{
		{"a node more", mustRing(t, names(4), 0, CRC32), mustRing(t, names(5), 0, CRC32)},
		{"a node less", mustRing(t, names(5), 0, CRC32), mustRing(t, names(4), 0, CRC32)},
		{"other replicas", mustRing(t, names(4), 500, CRC32), mustRing(t, names(4), 400, CRC32)},
		{"other nodes", mustRing(t, names(3), 0, CRC32), mustRing(t, []string{"graph-02", "1-graph", "11-graph"}, 0, CRC32)},
		{"murmur3", mustRing(t, names(4), 0, Murmur3), mustRing(t, names(5), 0, Murmur3)},
		{"another hash", mustRing(t, names(4), 0, CRC32), mustRing(t, names(5), 0, Murmur3)},
		{"few points", mustRing(t, names(3), 1, CRC32), mustRing(t, names(2), 1, CRC32)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			moved := Moved(c.from, c.to)
			require.InDelta(t, sampled(c.from, c.to), moved, 0.01)
			require.InDelta(t, Moved(c.to, c.from), moved, 1e-9, "the way back")
		})
	}
}

// At a ring's points and around them the ranges that are added up have the nodes that
// lookups give.
func TestOverlapsAreWhatLookupsGive(t *testing.T) {
	a, b := mustRing(t, []string{"1-graph", "11-graph", "x"}, 20, CRC32), mustRing(t, []string{"11-graph", "y"}, 30, CRC32)
	at := uint64(0)
	overlaps(a, b, func(inA, inB int, hashes uint64) {
		for _, hash := range []uint64{at, at + hashes/2, at + hashes - 1} {
			require.Equal(t, a.Node(uint32(hash)), inA, hash)
			require.Equal(t, b.Node(uint32(hash)), inB, hash)
		}
		at += hashes
	})
	require.Equal(t, uint64(math.MaxUint32)+1, at)
}

func TestMovedKnownCases(t *testing.T) {
	renamed := make([]string, 5)
	for i := range renamed {
		renamed[i] = fmt.Sprintf("new-%02d", i)
	}
	for _, h := range []Hash{CRC32, Murmur3} {
		five := mustRing(t, names(5), 0, h)
		require.Zero(t, Moved(five, mustRing(t, names(5), 0, h)), "the same")
		require.Equal(t, 1.0, Moved(five, mustRing(t, renamed, 0, h)), "all renamed")
		require.Equal(t, 1.0, Moved(mustRing(t, names(1), 0, h), mustRing(t, renamed[:1], 0, h)))
	}
	// A node that is added takes its share and nothing else moves.
	for _, n := range []int{1, 4, 20} {
		more := mustRing(t, names(n+1), 0, Murmur3)
		moved := Moved(mustRing(t, names(n), 0, Murmur3), more)
		require.InDelta(t, 1/float64(n+1), moved, 0.1/float64(n+1), "%d nodes", n)
		require.InDelta(t, more.Shares()[n], moved, 1e-9, "%d nodes", n)
	}
	// With another hash all series are dealt anew: one of two stays with two nodes.
	require.InDelta(t, 0.5, Moved(mustRing(t, names(2), 0, CRC32), mustRing(t, names(2), 0, Murmur3)), 0.02)
	require.Zero(t, Moved(mustRing(t, names(1), 0, CRC32), mustRing(t, names(1), 0, Murmur3)), "one node has all")
}

func FuzzMoved(f *testing.F) {
	f.Add("a", "b", "c", uint8(20), uint8(20))
	f.Add("1-graph", "11-graph", "", uint8(100), uint8(3))
	f.Fuzz(func(t *testing.T, a, b, c string, replicasFrom, replicasTo uint8) {
		if a == b || b == c {
			t.Skip()
		}
		for _, h := range []Hash{CRC32, Murmur3} {
			from, to := mustRing(t, []string{a, b}, int(replicasFrom), h), mustRing(t, []string{b, c}, int(replicasTo), h)
			covered, moved := uint64(0), uint64(0)
			overlaps(from, to, func(inA, inB int, hashes uint64) {
				covered += hashes
				if from.nodes[inA] != to.nodes[inB] {
					moved += hashes
				}
			})
			require.Equal(t, uint64(1<<32), covered)
			require.Equal(t, float64(moved)/(1<<32), Moved(from, to))
		}
	})
}
