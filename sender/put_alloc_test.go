//go:build !race

// Under the race detector pools forget at random.

package sender

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Once the lanes have met their load, points cost no allocation on their way through
// the queues.
func TestPutAllocatesNothing(t *testing.T) {
	for _, nodes := range []int{0, 3, 20} {
		for _, lanes := range []int{1, 4} {
			t.Run(fmt.Sprintf("%d nodes of %d lanes", nodes, lanes), func(t *testing.T) {
				c, requests := putCluster(t, nodes, lanes)
				now := time.Now()
				once := func() {
					for _, r := range requests {
						r.put(c)
					}
					deliverAll(c, now)
				}
				for range 3 {
					once()
				}
				require.Zero(t, testing.AllocsPerRun(50, once))
			})
		}
	}
}
