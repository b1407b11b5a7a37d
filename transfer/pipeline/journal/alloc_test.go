//go:build !race

package journal

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Once the memory is there, a request costs no allocation.
func TestAppendAllocatesNothing(t *testing.T) {
	b := newRig(t, Options{})
	b.o.Disk = nil
	b.reopen(Options{})
	r, points := NewRecord(), usualPoints()
	once := func() {
		r.Begin(start)
		r.Add(points)
		first, err := b.Append(r)
		if err != nil {
			t.Fatal(err)
		}
		b.Done(first)
	}
	once()
	require.Zero(t, testing.AllocsPerRun(100, once))
}
