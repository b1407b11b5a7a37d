package ring

import (
	"slices"
	"strconv"
)

// VirtualPoint is one of the points by which a node has its hashes.
type VirtualPoint struct {
	Hash   uint32 // that of Number, in decimal, followed by Node
	Number int    // 0 to Replicas-1
	Node   string
}

// PointOf returns the virtual point that the hash falls on: the first one strictly
// greater, or behind the last one the first of all, which wrapped says. Its node is the
// one that Node names. It is for people who ask why, and not fast.
func (r *Ring) PointOf(hash uint32) (p VirtualPoint, wrapped bool) {
	points := r.points[:len(r.points)-1]
	at, _ := slices.BinarySearchFunc(points, uint64(hash)+1, func(p point, least uint64) int {
		if uint64(p.hash()) < least {
			return -1
		}
		return 1
	})
	if wrapped = at == len(points); wrapped {
		at = 0
	}
	found := points[at]
	p = VirtualPoint{Hash: found.hash(), Node: r.nodes[found.node()]}
	for ; p.Number < r.replicas; p.Number++ {
		if r.hash.Sum(strconv.Itoa(p.Number)+p.Node) == p.Hash {
			break
		}
	}
	return p, wrapped
}
