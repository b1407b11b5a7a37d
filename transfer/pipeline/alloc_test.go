//go:build !race

// Under the race detector pools forget at random.

package pipeline

import (
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
	"transfer/sender/ring"
)

func TestAcceptAllocatesNothing(t *testing.T) {
	for _, series := range []int{0, 1, 1000} {
		in, points, b := drained(ring.Murmur3, series), request(), &metric.Batch{}
		once := func() {
			b.Reset()
			b.Points = append(b.Points, points...)
			_, _ = in.Accept(b)
		}
		once()
		require.Zero(t, testing.AllocsPerRun(100, once), "cache of %d", series)
	}
}
