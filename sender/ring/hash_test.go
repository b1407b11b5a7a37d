package ring

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseHash(t *testing.T) {
	for _, h := range []Hash{CRC32, Murmur3} {
		parsed, err := ParseHash(h.String())
		require.NoError(t, err)
		require.Equal(t, h, parsed)
	}
	for _, name := range []string{"", "CRC32", "murmur", "fnv"} {
		_, err := ParseHash(name)
		require.ErrorContains(t, err, "crc32", name)
		require.ErrorContains(t, err, "murmur3", name)
	}
}

// The sums are those of the functions' definitions, whatever way a build takes to
// them.
func TestHashSum(t *testing.T) {
	cases := []struct {
		key     string
		crc32   uint32
		murmur3 uint32
	}{
		{"", 0, 0},
		{"a", 0xe8b7be43, 0x3c2569b2},
		{"123456789", 0xcbf43926, 0xb4fef382},
		{"The quick brown fox jumps over the lazy dog", 0x414fa339, 0x2e4ff723},
	}
	for _, c := range cases {
		require.Equal(t, c.crc32, CRC32.Sum(c.key), c.key)
		require.Equal(t, c.murmur3, Murmur3.Sum(c.key), c.key)
	}
}
