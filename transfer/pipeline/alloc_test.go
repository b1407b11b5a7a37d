//go:build !race

// Under the race detector pools forget at random.

package pipeline

import (
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
	"transfer/sender/ring"
	"transfer/transfer/pipeline/journal"
)

func TestAcceptAllocatesNothing(t *testing.T) {
	j, err := journal.Open(t.TempDir(), journal.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, j.Close()) }()
	for _, series := range []int{0, 1, 1000} {
		testAcceptAllocatesNothing(t, series, Durability{})
		testAcceptAllocatesNothing(t, series, Durability{Journal: j})
	}
}

func testAcceptAllocatesNothing(t *testing.T, series int, to Durability) {
	t.Helper()
	in, points, b := drained(ring.Murmur3, series, to), request(), &metric.Batch{}
	once := func() {
		b.Reset()
		b.Points = append(b.Points, points...)
		_, _ = in.Accept(b)
	}
	once()
	require.Zero(t, testing.AllocsPerRun(100, once), "cache of %d", series)
}
