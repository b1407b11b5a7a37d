package stat

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVector(t *testing.T) {
	v := NewVector("a", "b", "c")
	v.Add(1, 2)
	v.Add(1, 3)
	require.Equal(t, uint64(5), v.Load(1))
	require.Equal(t, map[string]uint64{"b": 5}, v.NonZero())
	require.Equal(t, map[string]uint64{"a": 0, "b": 5, "c": 0}, v.All())
}

func TestCounterCountsAll(t *testing.T) {
	var c Counter
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 1000 {
				c.Add(3)
			}
		})
	}
	group.Wait()
	require.Equal(t, uint64(8*1000*3), c.Load())
}

func TestLedgerBalances(t *testing.T) {
	l := Ledger{Accepted: 10, MovedIn: 2, Delivered: 5, Queued: 3, MovedOut: 1, Dropped: map[string]uint64{"age": 2, "cap": 1}}
	require.Equal(t, uint64(3), l.DroppedTotal())
	require.True(t, l.Balanced())
	l.Delivered++
	require.False(t, l.Balanced())
	require.True(t, (&Ledger{Resent: 4, Failed: 2, Rejected: 1}).Balanced(), "outside the balance")
}

func TestReceiverNamesItsTroubles(t *testing.T) {
	r := NewReceiver("rpc", []string{"accepted", "value"})
	for i := range numTroubles {
		r.Trouble(i)
	}
	all := r.Closed.All()
	require.Len(t, all, int(numTroubles), "each trouble has a name of its own")
	require.NotContains(t, all, "")
	for name, n := range all {
		require.Equal(t, uint64(1), n, name)
	}
	require.Equal(t, map[string]uint64{"accepted": 0, "value": 0}, r.Refused.All())
}
