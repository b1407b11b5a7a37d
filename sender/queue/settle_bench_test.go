package queue

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// What the settling of a backend costs an item: a look whether its series is in
// flux, and a note that it is. Lanes share the processor's cache, so that of many
// none finds its bits there.
func BenchmarkSettle(b *testing.B) {
	for _, lanes := range []int{3, 100} {
		b.Run(fmt.Sprintf("%d lanes", lanes), func(b *testing.B) {
			random := rand.New(rand.NewPCG(1, 2))
			settles := make([]settle, lanes)
			for i := range settles {
				settles[i].pause = 10 * time.Millisecond
			}
			blocks := make([]*Block, 50)
			for i := range blocks {
				blocks[i] = new(Block)
				for range 200 {
					blocks[i].Close(random.Uint32())
				}
			}
			now := time.Now()
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				s, block := &settles[i%lanes], blocks[i%len(blocks)]
				s.wait(block, now)
				s.replied(block, now)
				now = now.Add(time.Millisecond)
				i++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/200, "ns/item")
		})
	}
}
