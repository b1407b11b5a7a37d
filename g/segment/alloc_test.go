//go:build !race

// The race detector allocates by itself.

package segment

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNothingIsAllocated(t *testing.T) {
	o := plain(nil)
	o.Cap = 512 << 20
	l, err := Open(t.TempDir(), o)
	require.NoError(t, err)
	r := l.Reader(Position{})
	defer r.Close()
	batch := records(1, 20<<10, 100, 70<<10)
	next := uint64(1)
	once := func() {
		for i := range batch {
			batch[i].First = next
			next += uint64(batch[i].Count)
		}
		if err := l.Append(batch...); err != nil {
			t.Fatal(err)
		}
		for range batch {
			if _, _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
		}
	}
	once()
	require.Zero(t, testing.AllocsPerRun(200, once))
	require.NoError(t, l.Close())
}
