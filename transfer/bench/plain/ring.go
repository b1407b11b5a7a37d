package plain

import (
	"hash/crc32"
	"sort"
	"strconv"
)

// replicas is the number of virtual points of each node.
const replicas = 500

// ring places keys on nodes by consistent hashing.
type ring struct {
	hashes []uint32 // sorted
	nodes  map[uint32]string
}

// newRing returns the ring of the nodes called names, of which there is at least
// one.
func newRing(names []string) *ring {
	r := &ring{nodes: make(map[uint32]string)}
	sorted := append([]string(nil), names...)
	sort.Strings(sorted)
	for _, name := range sorted {
		for i := 0; i < replicas; i++ {
			r.nodes[crc32.ChecksumIEEE([]byte(strconv.Itoa(i)+name))] = name
		}
	}
	for hash := range r.nodes {
		r.hashes = append(r.hashes, hash)
	}
	sort.Slice(r.hashes, func(i, j int) bool { return r.hashes[i] < r.hashes[j] })
	return r
}

// node returns the name of the node of key.
func (r *ring) node(key string) string {
	hash := crc32.ChecksumIEEE([]byte(key))
	i := sort.Search(len(r.hashes), func(i int) bool { return r.hashes[i] > hash })
	if i == len(r.hashes) {
		i = 0
	}
	return r.nodes[r.hashes[i]]
}
