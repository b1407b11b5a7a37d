// Package ring places series on the nodes of a cluster by consistent hashing,
// bit for bit as the rings of Open-Falcon do: a single series placed elsewhere
// than where the query side looks for it is history lost from view.
package ring

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/spaolacci/murmur3"
)

// bucketBits is how many of a hash's top bits index the table of a ring, and
// lowBits the rest.
const (
	bucketBits = 16
	lowBits    = 32 - bucketBits
	buckets    = 1 << bucketBits
)

// Ring maps hashes to nodes. It never changes: another set of nodes is another
// Ring. Any number of goroutines may use it.
type Ring struct {
	hash     Hash
	replicas int
	nodes    []string

	// points are sorted by hash, no hash twice; the first one stands again at the
	// end, where lookups behind the last one wrap to it.
	points []point
	// table holds, for each bucket of hashes and for the end of the last one, the
	// index of the first point that is not below the bucket.
	table [buckets + 1]uint32
}

// point is a virtual point: its hash above the index of its node, so that points
// sort as numbers. It owns the hashes from its predecessor's own up to, but not
// including, its own: a lookup takes the first point strictly greater.
type point uint64

func newPoint(hash uint32, node int) point { return point(hash)<<32 | point(node) }

func (p point) hash() uint32 { return uint32(p >> 32) }
func (p point) node() uint32 { return uint32(p) }

// New returns the ring of the nodes called by these names, in any order, with
// replicas virtual points each; 0 stands for DefaultReplicas. Without nodes, with
// a name twice or with replicas below 0 there is no ring.
func New(nodes []string, replicas int, h Hash) (*Ring, error) {
	if len(nodes) == 0 {
		return nil, errors.New("cannot build a ring without nodes: give the cluster at least one")
	}
	if replicas < 0 {
		return nil, fmt.Errorf("cannot build a ring with %d replicas: give at least 1, or 0 for the default", replicas)
	}
	if replicas == 0 {
		replicas = DefaultReplicas(h)
	}
	r := &Ring{hash: h, replicas: replicas, nodes: slices.Sorted(slices.Values(nodes))}
	for i, name := range r.nodes[1:] {
		if name == r.nodes[i] {
			return nil, fmt.Errorf("cannot build a ring with the node %q twice: give each node a name of its own", name)
		}
	}
	r.points = virtualPoints(r.nodes, replicas, h)
	r.index()
	return r, nil
}

// virtualPoints returns the points of a ring, sorted. Point i of a node is the
// hash of the decimal i followed by the node's name; names such as 1-graph and
// 11-graph share some, and the node that is later in sorted order has them.
func virtualPoints(nodes []string, replicas int, h Hash) []point {
	points := make([]point, 0, len(nodes)*replicas+1)
	var label []byte
	for node, name := range nodes {
		for i := range replicas {
			label = append(strconv.AppendInt(label[:0], int64(i), 10), name...)
			points = append(points, newPoint(h.sum(label), node))
		}
	}
	slices.Sort(points)
	kept := points[:0]
	for i, p := range points {
		if i+1 == len(points) || points[i+1].hash() != p.hash() {
			kept = append(kept, p)
		}
	}
	return kept
}

// index closes the circle and fills the table.
func (r *Ring) index() {
	next := 0
	for b := range r.table {
		for next < len(r.points) && int(r.points[next].hash()>>lowBits) < b {
			next++
		}
		r.table[b] = uint32(next)
	}
	r.points = append(r.points, r.points[0])
}

// Node returns the index into Nodes of the node that owns the hash.
func (r *Ring) Node(hash uint32) int { return int(r.points[r.at(hash)].node()) }

// at returns the index of the point that the hash falls on.
func (r *Ring) at(hash uint32) int {
	bucket := hash >> lowBits
	low, high := r.table[bucket], r.table[bucket+1]
	for low < high {
		middle := (low + high) / 2
		if r.points[middle].hash() <= hash {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return int(low)
}

// Nodes returns the names of the nodes, sorted. The caller must not change them.
func (r *Ring) Nodes() []string { return r.nodes }

// Hash returns the ring's hash.
func (r *Ring) Hash() Hash { return r.hash }

// Replicas returns the number of virtual points of a node, shared ones included.
func (r *Ring) Replicas() int { return r.replicas }

// Shares returns which part of all hashes each node owns, in the order of Nodes.
// They add up to 1.
func (r *Ring) Shares() []float64 {
	const all = 1 << 32
	owned := make([]uint64, len(r.nodes))
	points := r.points[:len(r.points)-1]
	before := int64(points[len(points)-1].hash()) - all
	for _, p := range points {
		owned[p.node()] += uint64(int64(p.hash()) - before)
		before = int64(p.hash())
	}
	shares := make([]float64, len(owned))
	for i, n := range owned {
		shares[i] = float64(n) / all
	}
	return shares
}

// Fingerprint returns 16 hexadecimal digits by which two relays, or a relay and
// its former self, can tell that they have the same ring: equal hash, replicas
// and set of names. Addresses don't count.
func (r *Ring) Fingerprint() string {
	text := appendText(nil, r.hash.String())
	text = binary.AppendUvarint(text, uint64(r.replicas))
	for _, name := range r.nodes {
		text = appendText(text, name)
	}
	return fmt.Sprintf("%016x", murmur3.Sum64(text))
}

// appendText appends s behind its length, so that no two lists of texts run
// together into the same bytes.
func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}
