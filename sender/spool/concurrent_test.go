package spool

import (
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
	"transfer/sender/queue"
)

// While some append, another reads and gives up what it has read, and one looks on:
// each Block comes once, those of one goroutine in order.
func TestConcurrentUse(t *testing.T) {
	const writers, each = 4, 200
	o := laneOptions()
	o.Cap = 8 << 20
	s := openStore(t, t.TempDir(), Options{})
	p := openLane(t, s, o)
	var all sync.WaitGroup
	for w := range uint64(writers) {
		all.Go(func() {
			for i := range uint64(each) {
				b := block(w<<32|i, time.Now(), 2000, 3000)
				if _, err := p.Append(b, b); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Go(func() {
		for p.End().Next < writers*each*4 {
			_, err := s.Folders()
			if err != nil {
				t.Error(err)
			}
			if err := p.Sync(); err != nil {
				t.Error(err)
			}
		}
	})
	r := p.Reader(segment.Position{})
	defer r.Close()
	var next [writers]uint64
	for points := uint64(0); points < writers*each*4; {
		b := new(queue.Block)
		position, err := r.Next(b)
		if errors.Is(err, io.EOF) {
			time.Sleep(time.Millisecond)
			continue
		}
		require.NoError(t, err)
		writer, i := b.First>>32, b.First&(1<<32-1)
		require.Equal(t, next[writer]/2, i)
		next[writer]++
		points += uint64(b.Len())
		require.NoError(t, p.Release(position))
	}
	all.Wait()
	require.Zero(t, r.Damage())
}
