package ring

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"

	jsoniter "github.com/json-iterator/go"
	"github.com/stretchr/testify/require"
)

// mustRing returns the ring of nodes, which must have one.
func mustRing(tb testing.TB, nodes []string, replicas int, h Hash) *Ring {
	tb.Helper()
	r, err := New(nodes, replicas, h)
	require.NoError(tb, err)
	return r
}

// names returns n node names as a site gives them.
func names(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("graph-%02d", i)
	}
	return list
}

// owner is the definition of placement, spelled out: a map of virtual points, and
// a look at every one of them for the least that is strictly greater.
func owner(nodes []string, replicas int, h Hash, hash uint32) string {
	circle := map[uint32]string{}
	for _, name := range slices.Sorted(slices.Values(nodes)) {
		for i := range replicas {
			circle[h.Sum(strconv.Itoa(i)+name)] = name
		}
	}
	first, next, found := uint32(math.MaxUint32), uint32(math.MaxUint32), false
	for point := range circle {
		first = min(first, point)
		if point > hash {
			next, found = min(next, point), true
		}
	}
	if !found {
		next = first
	}
	return circle[next]
}

// The file holds placements computed by the library that the query side uses.
func TestPlacementIsTheReferences(t *testing.T) {
	file, err := os.ReadFile("testdata/ring.json")
	require.NoError(t, err)
	var vectors []struct {
		Replicas int
		Nodes    []string
		Keys     map[string]string
	}
	require.NoError(t, jsoniter.Unmarshal(file, &vectors))
	require.NotEmpty(t, vectors)
	for _, v := range vectors {
		r := mustRing(t, v.Nodes, v.Replicas, CRC32)
		require.NotEmpty(t, v.Keys)
		for key, node := range v.Keys {
			require.Equal(t, node, r.Nodes()[r.Node(CRC32.Sum(key))], "%d x %v: %s", v.Replicas, v.Nodes, key)
		}
	}
}

// At and around every virtual point the table gives what the definition gives,
// also where names share points.
func TestNodeAtEveryPoint(t *testing.T) {
	for _, nodes := range [][]string{
		{"graph-00"},
		{"1-graph", "11-graph", "111-graph"},
		{"111-graph", "1-graph", "11-graph"},
		{"", "1", "图-1"},
	} {
		for _, h := range []Hash{CRC32, Murmur3} {
			r := mustRing(t, nodes, 20, h)
			hashes := []uint32{0, 1, math.MaxUint32 - 1, math.MaxUint32}
			for _, p := range r.points {
				hashes = append(hashes, p.hash()-1, p.hash(), p.hash()+1)
			}
			for _, hash := range hashes {
				require.Equal(t, owner(nodes, 20, h, hash), r.Nodes()[r.Node(hash)], "%v %s %d", nodes, h, hash)
			}
		}
	}
}

// Of a virtual point that two names share, the later name in sorted order has it.
func TestSharedPointsGoToTheLaterName(t *testing.T) {
	r := mustRing(t, []string{"11-graph", "1-graph"}, 500, CRC32)
	require.Less(t, len(r.points)-1, 2*500, "the names share points")
	shared := CRC32.Sum("111-graph") // point 11 of 1-graph and point 1 of 11-graph
	require.Equal(t, "11-graph", r.Nodes()[r.Node(shared-1)])
}

func FuzzNode(f *testing.F) {
	f.Add("a", "b", "c", uint16(20), uint32(0))
	f.Add("1-graph", "11-graph", "111-graph", uint16(100), uint32(math.MaxUint32))
	f.Add("图-1", "", "node with space", uint16(1), uint32(1<<16))
	f.Fuzz(func(t *testing.T, a, b, c string, replicas uint16, hash uint32) {
		nodes := []string{a, b, c}
		slices.Sort(nodes)
		nodes = slices.Compact(nodes)
		n := 1 + int(replicas%300)
		for _, h := range []Hash{CRC32, Murmur3} {
			r := mustRing(t, nodes, n, h)
			require.Equal(t, owner(nodes, n, h, hash), r.Nodes()[r.Node(hash)])
		}
	})
}

func TestNewRefuses(t *testing.T) {
	_, err := New(nil, 500, CRC32)
	require.ErrorContains(t, err, "without nodes")
	_, err = New([]string{"a"}, -1, CRC32)
	require.ErrorContains(t, err, "-1 replicas")
	_, err = New([]string{"b", "a", "b"}, 500, CRC32)
	require.ErrorContains(t, err, `"b" twice`)
}

func TestNewKeepsWhatItWasGiven(t *testing.T) {
	nodes := []string{"b", "a"}
	r := mustRing(t, nodes, 0, Murmur3)
	require.Equal(t, []string{"b", "a"}, nodes)
	require.Equal(t, []string{"a", "b"}, r.Nodes())
	require.Equal(t, DefaultReplicas(Murmur3), r.Replicas())
	require.Equal(t, Murmur3, r.Hash())
	require.Equal(t, 500, mustRing(t, nodes, 0, CRC32).Replicas())
}

// Shares are exact: on a ring of few points they equal a count by hand.
func TestShares(t *testing.T) {
	require.Equal(t, []float64{1}, mustRing(t, []string{"only"}, 1, CRC32).Shares())
	require.Equal(t, []float64{1}, mustRing(t, []string{"only"}, 500, CRC32).Shares())

	r := mustRing(t, []string{"a", "b"}, 1, CRC32)
	a, b := CRC32.Sum("0a"), CRC32.Sum("0b")
	shareOfA := float64(a-b) / (1 << 32) // from b's point to a's, modulo 2^32
	require.Equal(t, []float64{shareOfA, 1 - shareOfA}, r.Shares())

	for _, h := range []Hash{CRC32, Murmur3} {
		sum := 0.0
		for _, share := range mustRing(t, names(50), 0, h).Shares() {
			sum += share
		}
		require.InDelta(t, 1, sum, 1e-12)
	}
}

// largest returns the largest share as a multiple of the mean.
func largest(r *Ring) float64 {
	return slices.Max(r.Shares()) * float64(len(r.Nodes()))
}

func TestMurmur3SpreadsEvenly(t *testing.T) {
	for _, n := range []int{5, 20, 100} {
		r := mustRing(t, names(n), DefaultReplicas(Murmur3), Murmur3)
		require.Less(t, largest(r), 1.1, "%d nodes", n)
		t.Logf("%3d nodes: largest share %.3f x the mean; crc32 with %d: %.3f", n,
			largest(r), DefaultReplicas(CRC32), largest(mustRing(t, names(n), 0, CRC32)))
	}
}

func TestFingerprint(t *testing.T) {
	one := mustRing(t, []string{"a", "b", "c"}, 20, CRC32).Fingerprint()
	require.Regexp(t, "^[0-9a-f]{16}$", one)
	require.Equal(t, one, mustRing(t, []string{"c", "a", "b"}, 20, CRC32).Fingerprint(), "order of nodes")

	seen := map[string]string{one: "a b c"}
	for what, r := range map[string]*Ring{
		"other hash":     mustRing(t, []string{"a", "b", "c"}, 20, Murmur3),
		"other replicas": mustRing(t, []string{"a", "b", "c"}, 21, CRC32),
		"one less":       mustRing(t, []string{"a", "b"}, 20, CRC32),
		"joined names":   mustRing(t, []string{"ab", "c"}, 20, CRC32),
		"parted names":   mustRing(t, []string{"a", "bc"}, 20, CRC32),
		"an empty name":  mustRing(t, []string{"", "a", "b", "c"}, 20, CRC32),
		"a length byte":  mustRing(t, []string{"a\x01b", "c"}, 20, CRC32),
	} {
		fingerprint := r.Fingerprint()
		require.NotContains(t, seen, fingerprint, "%s: as %s", what, seen[fingerprint])
		seen[fingerprint] = what
	}
}

func BenchmarkNode(b *testing.B) {
	for _, c := range []struct {
		nodes int
		hash  Hash
	}{{3, CRC32}, {20, CRC32}, {100, CRC32}, {20, Murmur3}, {100, Murmur3}} {
		b.Run(fmt.Sprintf("%s-%d", c.hash, c.nodes), func(b *testing.B) {
			r := mustRing(b, names(c.nodes), 0, c.hash)
			hashes := make([]uint32, 1<<12)
			for i := range hashes {
				hashes[i] = c.hash.Sum(string(binary.BigEndian.AppendUint32(nil, uint32(i))))
			}
			b.ReportAllocs()
			sum := 0
			for i := 0; b.Loop(); i++ {
				sum += r.Node(hashes[i%len(hashes)])
			}
			require.GreaterOrEqual(b, sum, 0)
		})
	}
}

func BenchmarkNew(b *testing.B) {
	nodes := names(100)
	b.ReportAllocs()
	for b.Loop() {
		mustRing(b, nodes, 0, Murmur3)
	}
}
