package journal

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// The list names the oldest open request at any time, in whatever order they end.
func TestOpened(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var o opened
	var model []uint64
	next, most := uint64(1), 0
	for range 20_000 {
		if random.IntN(2) == 0 || len(model) == 0 {
			o.add(next)
			model = append(model, next)
			next += 1 + random.Uint64N(300)
		} else {
			i := random.IntN(min(len(model), 1+random.IntN(40)))
			o.done(model[i])
			model = slices.Delete(model, i, i+1)
		}
		most = max(most, len(model))
		first, ok := o.oldest()
		require.Equal(t, len(model) > 0, ok)
		if ok {
			require.Equal(t, model[0], first)
		}
	}
	o.done(next) // nobody's number
	require.Less(t, len(o.ring), 8*most)
}
