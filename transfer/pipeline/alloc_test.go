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
	in, points, b := drained(ring.Murmur3), request(), &metric.Batch{}
	once := func() {
		b.Reset()
		b.Points = append(b.Points, points...)
		_, _ = in.Accept(b)
	}
	once()
	require.Zero(t, testing.AllocsPerRun(100, once))
}
