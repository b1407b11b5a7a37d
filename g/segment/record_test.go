package segment

import (
	"encoding/hex"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// encode returns the record as it stands in a file.
func encode(r Record, seed uint32) []byte {
	b := r.appendHeader(nil, seed)
	b = append(b, r.Payload...)
	return r.appendPadding(b)
}

func TestRecordLayout(t *testing.T) {
	b := encode(Record{First: 258, Count: 3, Schema: 4, Payload: []byte("abc")}, 5)
	require.Equal(t, "f5726563"+"03000000"+"0201000000000000"+"03000000"+"04000000"+"dcf0c655"+"a55924f9"+"6162630000000000",
		hex.EncodeToString(b))
}

func TestRecordIsReadBack(t *testing.T) {
	for size := range 40 {
		want := Record{First: math.MaxUint64 - 7, Count: 7, Schema: 255, Payload: payload(3, size)}
		b := encode(want, 9)
		require.Zero(t, len(b)%recordAlign)
		require.Equal(t, int64(len(b)), recordBytes(size))
		h, ok := decodeRecord(b, 9)
		require.True(t, ok)
		require.Equal(t, int64(len(b)), h.bytes())
		require.True(t, h.holds(want.Payload))
		require.True(t, same(want, h.record(want.Payload)))
		require.Equal(t, uint64(math.MaxUint64), want.Next())
	}
}

func TestRecordsThatAreNone(t *testing.T) {
	none := func(b []byte, why string) {
		t.Helper()
		_, ok := decodeRecord(b, 9)
		require.False(t, ok, why)
	}
	none(encode(Record{First: 0, Count: 1}, 9), "no number")
	none(encode(Record{First: math.MaxUint64, Count: 1}, 9), "numbers overflow")
	none(encode(Record{First: 1}, 8), "of another generation")
	none(make([]byte, 64), "zeros")
	good := encode(Record{First: 1, Count: 1, Payload: []byte("abcdefgh")}, 9)
	for i := range recordHeader {
		none(good[:i], "cut off")
		for bit := range 8 {
			bad := append([]byte{}, good...)
			bad[i] ^= 1 << bit
			none(bad, "a flipped bit")
		}
	}
	h, ok := decodeRecord(good, 9)
	require.True(t, ok)
	for i := range good[recordHeader:] {
		for bit := range 8 {
			bad := append([]byte{}, good[recordHeader:]...)
			bad[i] ^= 1 << bit
			require.False(t, h.holds(bad))
		}
	}
}
