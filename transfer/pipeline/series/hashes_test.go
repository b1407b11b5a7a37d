package series

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/sender/ring"
)

// visited returns what Hashes gives, sorted.
func visited(c *Cache, encoder int, murmur3 bool) (all []hashes) {
	for crc32, murmur3 := range c.Hashes(encoder, murmur3) {
		all = append(all, hashes{crc32, murmur3})
	}
	return sorted(all)
}

func sorted(all []hashes) []hashes {
	slices.SortFunc(all, func(a, b hashes) int { return int(a.crc32) - int(b.crc32) })
	return all
}

func TestHashesAreThoseOfTheSeriesThatAreWanted(t *testing.T) {
	points := append(agents(20), point("host-1", "mem", "b=2,a=1"), point("host-2", "load", ""))
	for i := range 2*visitedAtOnce + 1 { // of one part of the cache
		points = append(points, point("giant", "cpu", fmt.Sprint("core=", i)))
	}
	joined := point("host-3", "cpu.idle/core=7", "")
	joined.Joined = true
	points = append(points, joined)
	for _, remembered := range []bool{true, false} { // murmur3
		c := New(100_000, roomy, remembered, encoders()...)
		var all, cpu []hashes
		for i, s := range find(c, points) {
			key := hashes{s.sum, s.murmur3}
			if !remembered {
				key.murmur3 = 0
			}
			all = append(all, key)
			if s.wanted[1] {
				cpu = append(cpu, key)
			}
			require.True(t, s.wanted[0], i)
		}
		find(c, points)
		require.Len(t, all, 403+2*visitedAtOnce+1)
		require.Len(t, cpu, len(all)-2)
		require.Equal(t, sorted(all), visited(c, 0, false))
		require.Equal(t, sorted(cpu), visited(c, 1, false))
		require.Empty(t, visited(c, 2, true))
	}
}

// A hash that no ring wants so far is made of the key as it would have been then.
func TestHashesMadeAnew(t *testing.T) {
	points := append(agents(100), neighbours()...)
	with, without := New(100_000, roomy, true, encoders()...), New(100_000, roomy, false, encoders()...)
	find(with, points)
	find(without, points)
	require.Equal(t, visited(with, 0, true), visited(without, 0, true))
	require.Equal(t, visited(with, 1, false), visited(with, 1, true))
	for _, h := range visited(without, 0, true) {
		require.NotZero(t, h.murmur3)
	}
	b := New(10, roomy, false, encoders()...)
	p := point("e", "m", "b=2,a=1")
	find(b, append(agents(0), p))
	require.Equal(t, []hashes{{ring.CRC32.Sum("e/m/a=1,b=2"), ring.Murmur3.Sum("e/m/a=1,b=2")}}, visited(b, 0, true))
}

func TestHashesOfNothing(t *testing.T) {
	require.Empty(t, visited(New(0, roomy, true, encoders()...), 0, true))
	require.Empty(t, visited(New(10, roomy, true, encoders()...), 0, true))
}

// Who breaks off is let go, and the cache serves others meanwhile: what it gives are
// hashes of series all the same.
func TestHashesWhileOthersUseTheCache(t *testing.T) {
	points := agents(50)
	known := make(map[hashes]bool)
	for _, s := range find(New(0, 0, true, encoders()...), points) {
		known[hashes{s.sum, s.murmur3}] = true
	}
	c := New(500, roomy, true, encoders()...) // less than all: it starts anew now and then
	var work sync.WaitGroup
	for range 2 {
		work.Go(func() {
			for range 20 {
				find(c, points)
			}
		})
	}
	for n := range 20 {
		seen := 0
		for crc32, murmur3 := range c.Hashes(0, true) {
			require.True(t, known[hashes{crc32, murmur3}])
			find(c, points[:5]) // nothing is held here
			if seen++; seen > 20*n {
				break
			}
		}
	}
	work.Wait()
}
