package queue

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// odd returns a Block of n items of all sizes, some larger than any other Block.
func odd(random *rand.Rand, n int, accepted time.Time) *Block {
	b := &Block{First: 1, Last: uint64(n), Accepted: accepted}
	for range n {
		size := random.IntN(300)
		if random.IntN(300) == 0 {
			size = []int{5000, 70_000, maxBlock + 5}[random.IntN(3)]
		}
		b.Payload = append(b.Payload, bytes.Repeat([]byte{byte(random.Uint32())}, size)...)
		b.Close(random.Uint32())
	}
	return b
}

// items returns the bytes and the hash of each item, in order.
func items(blocks ...*Block) (all []string, hashes []uint32) {
	for _, b := range blocks {
		for i, item := range b.Items {
			all, hashes = append(all, string(b.Item(i))), append(hashes, item.Hash)
		}
	}
	return all, hashes
}

// Whatever the sizes of items and requests, all that was put comes out as it was, in
// order, in Blocks within their bounds.
func TestPutKeepsEveryItem(t *testing.T) {
	now := time.Now()
	random := rand.New(rand.NewPCG(3, 4))
	for range 40 {
		limits := Limits{Batch: 1 + random.IntN(300), Bytes: 1 << 30}
		if random.IntN(2) == 0 {
			limits.Bytes = 64 << 20
		}
		q := newTestQueue(limits, 1)
		l := q.Lanes()[0]
		var put, took []*Block
		for range 1 + random.IntN(10) {
			src := odd(random, random.IntN(500), now)
			if random.IntN(2) == 0 {
				l.PutAll(src)
				put = append(put, src)
				continue
			}
			var chosen []int32
			part := new(Block)
			for i := range src.Items {
				if random.IntN(3) == 0 {
					chosen = append(chosen, int32(i))
					part.Take(src, i)
				}
			}
			l.Put(src, chosen)
			put = append(put, part)
		}
		for b, _ := l.Take(now, 0); b != nil; b, _ = l.Take(now, 0) {
			require.Positive(t, b.Len())
			if b.Len() > 1 {
				require.LessOrEqual(t, len(b.Payload)+itemBytes*b.Len(), maxBlock)
			}
			took = append(took, b)
		}
		wantItems, wantHashes := items(put...)
		gotItems, gotHashes := items(took...)
		require.Equal(t, wantHashes, gotHashes)
		for i := range wantItems {
			require.True(t, wantItems[i] == gotItems[i], "item %d", i)
		}
		l.Delivered(l.InFlight(), 0, now)
		require.Zero(t, q.bytes.Load(), "all memory is given back")
		a := q.Account()
		require.True(t, a.Balanced())
	}
}

// Points that came long after a Block's first one must not be dropped with it.
func TestBlockEndsWithItsTime(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 1000, Bytes: 1 << 20, MaxAge: ageShare * time.Second}, 1)
	l := q.Lanes()[0]
	for i := range 4 {
		put(q, batch(10*i, 10*i+10, now.Add(time.Duration(i)*600*time.Millisecond)))
	}
	b, _ := l.Take(now, 0)
	require.Equal(t, []int{0, 19}, ends(t, b))
	b, _ = l.Take(now.Add(2*time.Second), 0)
	require.Equal(t, []int{20, 39}, ends(t, b))
}

// A lane's next Block begins as large as its last one got, if the lane is busy with
// as much.
func TestExpectedSize(t *testing.T) {
	now := time.Now()
	q := newTestQueue(Limits{Batch: 100_000, Bytes: 1 << 30}, 1)
	l := q.Lanes()[0]
	put(q, batch(0, 50_000, now))
	b, _ := l.Take(now, 0)
	put(q, batch(0, 1, now))
	require.GreaterOrEqual(t, cap(l.waiting.newest().Payload), len(b.Payload))
	l.Delivered(1, 0, now)
	b, _ = l.Take(now, 0)
	require.Equal(t, 1, b.Len())
	l.Delivered(1, 0, now)
	put(q, batch(0, 1, now))
	require.Equal(t, smallestPayload, cap(l.waiting.newest().Payload), "an idle lane holds little")
}

func TestPoolClasses(t *testing.T) {
	for n, want := range map[int]int{
		0: smallestPayload, 1: smallestPayload, smallestPayload: smallestPayload, smallestPayload + 1: 2 * smallestPayload,
		100_000: 128 << 10, maxBlock - 1: maxBlock, maxBlock: maxBlock, maxBlock + 1: maxBlock + 1,
	} {
		pool := new(Pool)
		b := pool.Get(n)
		require.Equal(t, want, cap(b.Payload), "%d bytes", n)
		b.Payload = b.Payload[:n]
		b.Close(0)
		pool.Put(b)
		again := pool.Get(n)
		require.GreaterOrEqual(t, cap(again.Payload), n)
		require.Zero(t, again.Len()+len(again.Payload))
	}
	pool := new(Pool)
	pool.Put(&Block{Payload: make([]byte, 0, smallestPayload-1)}) // is too small for any class
	require.Equal(t, smallestPayload, cap(pool.Get(1).Payload))
}

// A lane that passes on what is put passes on a whole Block, too, and counts none of it.
func TestPutAllPassesOn(t *testing.T) {
	q := newTestQueue(Limits{Batch: 10, Bytes: 1 << 20}, 1)
	l := q.Lanes()[0]
	var passed []int32
	require.True(t, l.Pass(func(_ *Block, chosen []int32, moved bool) ([]Spot, int) {
		require.False(t, moved)
		passed = append(passed, chosen...)
		return nil, 0
	}))
	src := odd(rand.New(rand.NewPCG(5, 6)), 3, time.Now())
	l.PutAll(src)
	require.Equal(t, []int32{0, 1, 2}, passed)
	require.Zero(t, q.Account().Accepted)

	l.Keep()
	l.PutAll(src)
	require.Equal(t, uint64(3), q.Account().Accepted)
	require.Len(t, passed, 3)
}
