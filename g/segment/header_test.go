package segment

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func testHeader() header {
	return header{generation: generation{7, 0x1234abcd}, first: 1001, begun: 1700000000123456789, owner: "journal", encoding: "points 1"}
}

// The format is fixed: a file of one version of the relay is read by the next.
func TestHeaderLayout(t *testing.T) {
	b := testHeader().encode()
	require.Len(t, b, headerBytes)
	require.Equal(t, "7472616e7365670a"+"01000000"+"07080000"+"0700000000000000"+"e903000000000000"+"15cd853dfe9c9717"+"cdab3412",
		hex.EncodeToString(b[:textFrom]))
	require.Equal(t, "journal"+strings.Repeat("\x00", 57)+"points 1"+strings.Repeat("\x00", 56), string(b[textFrom:headerSum]))
	require.Equal(t, "bd7bc39f", hex.EncodeToString(b[headerSum:]))
}

func TestHeaderIsReadBack(t *testing.T) {
	for _, want := range []header{
		testHeader(), {},
		{generation: generation{1<<64 - 1, 1<<32 - 1}, first: 1<<64 - 1, begun: -1, owner: strings.Repeat("o", 64), encoding: strings.Repeat("e", 64)},
	} {
		got, ok := decodeHeader(want.encode())
		require.True(t, ok)
		require.Equal(t, want, got)
	}
	require.True(t, header{}.begunAt().IsZero())
	require.Equal(t, int64(1700000000123), testHeader().begunAt().UnixMilli())
}

func TestDamagedHeaderIsNone(t *testing.T) {
	good := testHeader().encode()
	for i := range good {
		_, ok := decodeHeader(good[:i])
		require.False(t, ok)
		for bit := range 8 {
			bad := append([]byte{}, good...)
			bad[i] ^= 1 << bit
			_, ok := decodeHeader(bad)
			require.False(t, ok, "byte %d bit %d", i, bit)
		}
	}
}

func TestChoiceBetweenCopies(t *testing.T) {
	of := func(number uint64) []byte {
		h := testHeader()
		h.number = number
		return h.encode()
	}
	bad := make([]byte, headerBytes)
	for _, c := range []struct {
		name          string
		first, second []byte
		chosen        uint64
		good          int
		ok            bool
	}{
		{"both good", of(7), of(7), 7, 2, true},
		{"second bad", of(7), bad, 7, 1, true},
		{"first bad", bad, of(7), 7, 1, true},
		{"first of another generation", of(6), of(7), 7, 1, true},
		{"second of another generation", of(7), of(6), 7, 1, true},
		{"both of another generation", of(6), of(6), 6, 0, true},
		{"one of another generation, one bad", bad, of(6), 6, 0, true},
		{"both bad", bad, bad, 0, 0, false},
		{"cut within the second", of(7), of(7)[:headerBytes-1], 7, 1, true},
		{"cut within the first", of(7)[:headerBytes-1], nil, 0, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			pages := append([]byte{}, c.first...)
			if c.second != nil {
				pages = append(pages, make([]byte, secondCopy-len(pages))...)
				pages = append(pages, c.second...)
			}
			h, good, ok := chooseHeader(pages, generation{7, 0x1234abcd})
			require.Equal(t, c.ok, ok)
			require.Equal(t, c.good, good)
			require.Equal(t, c.chosen, h.number)
		})
	}
}
