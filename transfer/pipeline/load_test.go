package pipeline

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/sender/queue"
	"transfer/sender/ring"
)

// A backend of few slots gets what one of many gets: for each slot the same items in the
// same order, in one Block a batch with the numbers of all its points.
func TestFewSlots(t *testing.T) {
	for _, few := range []int{1, 3, 11} {
		t.Run(fmt.Sprint(few), func(t *testing.T) {
			apart, whole := &sink{hash: ring.Murmur3, few: few, prefix: "cpu"}, &sink{hash: ring.Murmur3, prefix: "cpu"}
			_, in, _ := newInlet(apart, whole)
			const batches = 20
			for n := range batches {
				points := request()
				points[3].Metric, points[4].Value = "unwanted", float64(n)
				accept(t, in, points[n:]...)
			}
			slotOf := func(b *queue.Block, i int) int32 { return apart.Slot(b.Items[i].Hash) }
			got, want := make(map[int32][]string), make(map[int32][]string)
			for _, b := range apart.blocks {
				require.Positive(t, b.Len())
				for i := range b.Items {
					require.Equal(t, slotOf(b, 0), slotOf(b, i), "a Block is of one slot")
					got[slotOf(b, i)] = append(got[slotOf(b, i)], string(b.Item(i)))
				}
			}
			for _, b := range whole.blocks {
				for i := range b.Items {
					want[slotOf(b, i)] = append(want[slotOf(b, i)], string(b.Item(i)))
				}
			}
			require.Len(t, whole.blocks, batches)
			require.Equal(t, want, got)
			require.Len(t, got, few)
			require.Equal(t, uint64(1), apart.blocks[0].First)
			require.Equal(t, whole.blocks[batches-1].Last, apart.blocks[len(apart.blocks)-1].Last)
			require.Equal(t, whole.blocks[0].Accepted, apart.blocks[0].Accepted)
		})
	}
}
