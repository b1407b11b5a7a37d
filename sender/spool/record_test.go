package spool

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/sender/queue"
)

// FuzzRecord: no bytes make the decoder panic or take more memory than they have, and
// what it accepts is what the encoder makes of it.
func FuzzRecord(f *testing.F) {
	add := func(b *queue.Block, accepted stamp) {
		f.Add(appendRecord(nil, b, 0, b.Len(), accepted), uint32(b.Len()))
	}
	add(block(1, time.Time{}, 1, 2, 3), stamp{})
	add(block(math.MaxUint64-1, time.Time{}, 0, 0, 200), stamp{wall: math.MaxInt64, monotonic: math.MinInt64})
	add(new(queue.Block), stamp{wall: 1, monotonic: -1})
	f.Add([]byte(nil), uint32(0))
	f.Add(make([]byte, 100), uint32(19))
	f.Add(bytes.Repeat([]byte{0xff}, 60), uint32(1))
	f.Add([]byte{1, 0, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 0}, uint32(1))
	f.Add([]byte{1, 0, 1, 0, 1, 0, 0, 0, 0, 7}, uint32(math.MaxUint32))
	f.Fuzz(func(t *testing.T, record []byte, items uint32) {
		b := new(queue.Block)
		accepted, err := decodeRecord(b, record, items)
		require.LessOrEqual(t, cap(b.Items), len(record)/leastItem)
		if err != nil {
			require.ErrorIs(t, err, errIllegible)
			return
		}
		require.Equal(t, int(items), b.Len())
		again := new(queue.Block)
		encoded := appendRecord(nil, b, 0, b.Len(), accepted)
		require.LessOrEqual(t, len(encoded), len(record), "no shorter form is refused")
		stamped, err := decodeRecord(again, encoded, items)
		require.NoError(t, err)
		require.Equal(t, accepted, stamped)
		require.Equal(t, b.Len(), again.Len())
		for i := range b.Items {
			require.Equal(t, b.Item(i), again.Item(i))
			require.Equal(t, b.Items[i], again.Items[i])
		}
		require.Equal(t, [2]uint64{b.First, b.Last}, [2]uint64{again.First, again.Last})
	})
}

// A Block that was filled before is filled anew, in its memory.
func TestDecodeReusesMemory(t *testing.T) {
	long, short := block(1, time.Time{}, 100, 100), block(3, time.Time{}, 10)
	b := new(queue.Block)
	for _, want := range []*queue.Block{long, short, long} {
		had := b.Size()
		b.Reset()
		_, err := decodeRecord(b, appendRecord(nil, want, 0, want.Len(), stamp{}), uint32(want.Len()))
		require.NoError(t, err)
		same(t, want, b)
		if had > 0 {
			require.Equal(t, had, b.Size())
		}
	}
}
