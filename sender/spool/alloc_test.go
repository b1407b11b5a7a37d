//go:build !race

// Under the race detector pools forget at random.

package spool

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
	"transfer/sender/queue"
)

func TestNothingIsAllocated(t *testing.T) {
	o := laneOptions()
	o.Cap = 512 << 20
	p := openLane(t, openStore(t, t.TempDir(), Options{}), o)
	r := p.Reader(segment.Position{})
	defer r.Close()
	blocks := []*queue.Block{usual(1), usual(2), usual(3)}
	b := new(queue.Block)
	once := func() {
		if _, err := p.Append(blocks...); err != nil {
			t.Fatal(err)
		}
		for range blocks {
			b.Reset()
			if _, err := r.Next(b); err != nil {
				t.Fatal(err)
			}
		}
	}
	once()
	require.Zero(t, testing.AllocsPerRun(100, once))
}

// usual is a Block of 200 items of 100 bytes.
func usual(first uint64) *queue.Block {
	sizes := make([]int, 200)
	for i := range sizes {
		sizes[i] = 100
	}
	return block(first, time.Now(), sizes...)
}
