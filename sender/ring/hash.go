package ring

import (
	"fmt"
	"hash/crc32"
	"unsafe"
)

// Hash is the function that places keys and virtual points on a ring.
type Hash uint8

const (
	// CRC32 is the CRC-32 of IEEE 802.3, the one that Open-Falcon's query side
	// computes. Its spread is uneven: at 50 to 100 nodes the largest share is 1.4
	// to 1.8 times the mean.
	CRC32 Hash = iota
	// Murmur3 is MurmurHash3 x86_32 with seed 0, for clusters that start new.
	Murmur3
)

// ParseHash returns the hash called name in the configuration, crc32 or murmur3.
func ParseHash(name string) (Hash, error) {
	for _, h := range []Hash{CRC32, Murmur3} {
		if name == h.String() {
			return h, nil
		}
	}
	return 0, fmt.Errorf("cannot use the hash %q: give %q or %q", name, CRC32, Murmur3)
}

// String returns the name in the configuration.
func (h Hash) String() string {
	if h == Murmur3 {
		return "murmur3"
	}
	return "crc32"
}

// Sum returns the hash of the key's bytes.
func (h Hash) Sum(key string) uint32 {
	return h.sum(unsafe.Slice(unsafe.StringData(key), len(key)))
}

// sum only reads data.
func (h Hash) sum(data []byte) uint32 {
	if h == Murmur3 {
		return murmur3Sum(data)
	}
	return crc32.ChecksumIEEE(data)
}

// DefaultReplicas returns how many virtual points a node has where the
// configuration doesn't say. 500 is Open-Falcon's own; with 4000 an even hash
// keeps the largest share within 1.1 times the mean.
func DefaultReplicas(h Hash) int {
	if h == Murmur3 {
		return 4000
	}
	return 500
}
