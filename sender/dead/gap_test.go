package dead

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
)

// Whatever runs are removed in whatever order, over restarts too: the others stay, are
// counted, and keep their numbers.
func TestRemoveInTheMidst(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		dir := t.TempDir()
		s := openStore(t, dir, Options{})
		const all = 30
		for n := range uint64(all) {
			require.NoError(t, s.Add(testTarget, letter(n+1)))
		}
		_, at := letters(t, s, testTarget, segment.Position{})
		at = append([]segment.Position{{}}, at...)
		stays := make([]bool, all+1) // by number
		for n := range stays {
			stays[n] = n > 0
		}
		for range 12 {
			from := random.IntN(all)
			until := min(all, from+1+random.IntN(5))
			require.NoError(t, s.Remove(testTarget, at[from], at[until]))
			clear(stays[from+1 : until+1])
			if random.IntN(2) == 0 {
				require.NoError(t, s.Close())
				s = openStore(t, dir, Options{})
			}
			var left []uint64
			for n, stays := range stays {
				if stays {
					left = append(left, uint64(n))
				}
			}
			got, _ := letters(t, s, testTarget, segment.Position{})
			require.Equal(t, want(testTarget, left...), got, "seed %d", seed)
			require.Equal(t, len(left), int(s.Counts()[testTarget]))
		}
		require.NoError(t, s.Remove(testTarget, segment.Position{}, at[all]))
		boxes, err := s.Boxes()
		require.NoError(t, err)
		require.Zero(t, boxes[0].Letters)
		require.Zero(t, boxes[0].Bytes)
		require.Empty(t, s.boxes[testTarget].manifest.Gaps)
	}
}

// The manifest does not grow without bounds.
func TestTooManyGaps(t *testing.T) {
	s := openStore(t, t.TempDir(), Options{})
	const all = 2*mostGaps + 4
	for n := range uint64(all) {
		require.NoError(t, s.Add(testTarget, letter(n+1)))
	}
	_, at := letters(t, s, testTarget, segment.Position{})
	for n := range mostGaps {
		require.NoError(t, s.Remove(testTarget, at[2*n], at[2*n+1]))
	}
	require.ErrorContains(t, s.Remove(testTarget, at[all-3], at[all-2]), "purge some first")
	require.EqualValues(t, all-mostGaps, s.Counts()[testTarget])
	require.NoError(t, s.Remove(testTarget, segment.Position{}, at[all-2]))
	require.EqualValues(t, 1, s.Counts()[testTarget])
}
