package record

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/sender/queue"
)

// FuzzRecord: no bytes make the decoder panic or take more memory than they have, and
// what it accepts is what the encoder makes of it.
func FuzzRecord(f *testing.F) {
	add := func(b *queue.Block, accepted Stamp) {
		f.Add(Append(nil, b, 0, b.Len(), accepted), uint32(b.Len()))
	}
	add(block(1, time.Time{}, 1, 2, 3), Stamp{})
	add(block(math.MaxUint64-1, time.Time{}, 0, 0, 200), Stamp{Wall: math.MaxInt64, Monotonic: math.MinInt64})
	add(new(queue.Block), Stamp{Wall: 1, Monotonic: -1})
	f.Add([]byte(nil), uint32(0))
	f.Add(make([]byte, 100), uint32(19))
	f.Add(bytes.Repeat([]byte{0xff}, 60), uint32(1))
	f.Add([]byte{1, 0, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 0}, uint32(1))
	f.Add([]byte{1, 0, 1, 0, 1, 0, 0, 0, 0, 7}, uint32(math.MaxUint32))
	f.Fuzz(func(t *testing.T, record []byte, items uint32) {
		b := new(queue.Block)
		accepted, err := Decode(b, record, items)
		require.LessOrEqual(t, cap(b.Items), len(record)/leastItem)
		if err != nil {
			require.ErrorIs(t, err, ErrIllegible)
			return
		}
		require.Equal(t, int(items), b.Len())
		again := new(queue.Block)
		encoded := Append(nil, b, 0, b.Len(), accepted)
		require.LessOrEqual(t, len(encoded), len(record), "no shorter form is refused")
		stamped, err := Decode(again, encoded, items)
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
		_, err := Decode(b, Append(nil, want, 0, want.Len(), Stamp{}), uint32(want.Len()))
		require.NoError(t, err)
		same(t, want, b)
		if had > 0 {
			require.Equal(t, had, b.Size())
		}
	}
}

// block returns a Block of items of the given sizes, whose journal numbers begin with
// first.
func block(first uint64, accepted time.Time, sizes ...int) *queue.Block {
	random := rand.New(rand.NewPCG(first, uint64(len(sizes))))
	b := &queue.Block{First: first, Last: first + uint64(len(sizes)), Accepted: accepted}
	for _, size := range sizes {
		item := make([]byte, size)
		for i := range item {
			item[i] = byte(random.Uint32())
		}
		b.Payload = append(b.Payload, item...)
		b.Close(random.Uint32())
	}
	return b
}

// same checks that the Blocks have the same content.
func same(t testing.TB, want, got *queue.Block) {
	t.Helper()
	require.Equal(t, want.Payload, got.Payload)
	require.Equal(t, want.Items, got.Items)
	require.Equal(t, [2]uint64{want.First, want.Last}, [2]uint64{got.First, got.Last})
}
