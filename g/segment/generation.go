package segment

import (
	"fmt"
	"hash/crc32"
	"strings"
)

// Names in the directory of a log.
const (
	segmentSuffix = ".seg"
	spareSuffix   = ".spare"
	damagedFolder = "damaged"
)

// generation tells the content of one segment from that of all others, also from what
// the same file held before. It stands in the file's name and in its header, and the
// checksums of its records are seeded with it.
//
// The salt is for power cuts. They may take a name from the directory and leave what
// was written under it, in a file that has its former name again: then the number,
// which nobody can know to have been given, is given a second time.
type generation struct {
	number uint64 // from 1 on, rising; the order of the segments
	salt   uint32 // random
}

// endOfNumbers bounds the numbers that a file's name may hold. A file that somebody
// put there with a giant number is none of ours and must not use up all numbers.
const endOfNumbers = 5_000_000_000

// base returns the name of the generation's file, but for the suffix.
func (g generation) base() string { return fmt.Sprintf("%010d-%08x", g.number, g.salt) }

// file returns the name of the generation's file.
func (g generation) file(suffix string) string { return g.base() + suffix }

// parseName is the inverse of file; ok is false for every other name.
func parseName(name string) (g generation, suffix string, ok bool) {
	base, _, _ := strings.Cut(name, ".")
	suffix = name[len(base):]
	n, err := fmt.Sscanf(base, "%d-%x", &g.number, &g.salt)
	ok = n == 2 && err == nil && g.number > 0 && g.number < endOfNumbers &&
		g.file(suffix) == name && (suffix == segmentSuffix || suffix == spareSuffix)
	return g, suffix, ok
}

// seed returns what the checksums of the owner's records in this generation begin
// with.
func (g generation) seed(owner string) uint32 {
	return crc32.Checksum([]byte(owner), castagnoli()) ^ uint32(g.number) ^ g.salt
}
