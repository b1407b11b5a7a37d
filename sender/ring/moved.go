package ring

import "slices"

// allHashes is how many hashes there are.
const allHashes = 1 << 32

// Moved returns the share of all series, 0 to 1, whose node has another name in to than
// in from. Where both rings have the same hash it is exact: all virtual points of both
// are walked. Of rings with different hashes it is an estimate: a series has a hash of
// each kind, and no place in one says anything of its place in the other, so that a
// series stays by chance only.
func Moved(from, to *Ring) float64 {
	counterpart := from.counterparts(to)
	if from.hash != to.hash {
		shares, stays := to.Shares(), 0.0
		for i, share := range from.Shares() {
			if j := counterpart[i]; j >= 0 {
				stays += share * shares[j]
			}
		}
		return 1 - stays
	}
	moved := uint64(0)
	overlaps(from, to, func(a, b int, hashes uint64) {
		if counterpart[a] != b {
			moved += hashes
		}
	})
	return float64(moved) / allHashes
}

// counterparts returns for each node of r the index of the node of that name in to, -1
// where there is none.
func (r *Ring) counterparts(to *Ring) []int {
	all := make([]int, len(r.nodes))
	for i, name := range r.nodes {
		at, found := slices.BinarySearch(to.nodes, name)
		if !found {
			at = -1
		}
		all[i] = at
	}
	return all
}

// overlaps visits the ranges of hashes that have one node in a and one node in b, in the
// order of the hashes: with the indexes of the nodes and the size of the range.
func overlaps(a, b *Ring, visit func(inA, inB int, hashes uint64)) {
	i, j := 0, 0
	for at := uint64(0); at < allHashes; {
		endA, endB := a.end(i), b.end(j)
		end := min(endA, endB)
		if end > at {
			visit(int(a.points[i].node()), int(b.points[j].node()), end-at)
		}
		if endA == end {
			i++
		}
		if endB == end {
			j++
		}
		at = end
	}
}

// end returns where the range of point i ends, which begins where that of the one
// before ends. What lies behind the last point is the first one's, which stands again
// at the end.
func (r *Ring) end(i int) uint64 {
	if i == len(r.points)-1 {
		return allHashes
	}
	return uint64(r.points[i].hash())
}
