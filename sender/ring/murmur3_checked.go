//go:build race || msan || asan

package ring

import "github.com/spaolacci/murmur3"

// murmur3Sum takes the library's other way to the same sum: the pointer
// arithmetic of its Sum32 is harmless, but the checks that come with the race
// detector end the process at it.
func murmur3Sum(data []byte) uint32 {
	d := murmur3.New32()
	_, _ = d.Write(data) // cannot fail
	return d.Sum32()
}
