package spool

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
	"transfer/sender/queue"
)

// benchBlocks are Blocks of so many items of 100 bytes.
func benchBlocks(blocks, items int) (all []*queue.Block) {
	sizes := make([]int, items)
	for i := range sizes {
		sizes[i] = 100
	}
	for i := range blocks {
		all = append(all, block(uint64(i*items+1), time.Now(), sizes...))
	}
	return all
}

func benchShapes() map[string][]*queue.Block {
	return map[string][]*queue.Block{"50 of 200": benchBlocks(50, 200), "1 of 200": benchBlocks(1, 200), "1 of 5000": benchBlocks(1, 5000)}
}

func BenchmarkAppend(b *testing.B) {
	for name, blocks := range benchShapes() {
		b.Run(name, func(b *testing.B) {
			o := laneOptions()
			o.Cap = 256 << 20
			p := openLane(b, openStore(b, b.TempDir(), Options{}), o)
			b.ReportAllocs()
			points, segment := 0, uint64(0)
			for b.Loop() {
				if _, err := p.Append(blocks...); err != nil {
					b.Fatal(err)
				}
				points += len(blocks) * blocks[0].Len()
				if end := p.End(); end.Segment > segment {
					segment = end.Segment
					if err := p.Release(end); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(points), "ns/point")
		})
	}
}

func BenchmarkNext(b *testing.B) {
	for name, blocks := range benchShapes() {
		b.Run(name, func(b *testing.B) {
			o := laneOptions()
			o.Cap = 256 << 20
			p := openLane(b, openStore(b, b.TempDir(), Options{}), o)
			for p.End().Next < 300_000 {
				_, err := p.Append(blocks...)
				require.NoError(b, err)
			}
			r := p.Reader(segment.Position{})
			b.ReportAllocs()
			points, into := 0, new(queue.Block)
			for b.Loop() {
				into.Reset()
				_, err := r.Next(into)
				if errors.Is(err, io.EOF) {
					r.Close()
					r = p.Reader(segment.Position{})
				} else if err != nil {
					b.Fatal(err)
				}
				points += into.Len()
			}
			r.Close()
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(points), "ns/point")
		})
	}
}
