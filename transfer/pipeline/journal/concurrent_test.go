package journal

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
)

// Many clients at once, while the disk fails now and then and marks are taken: each
// number is given once, what was taken is in the journal in each client's order, what
// was not taken is not, and no mark ever passes an open request.
func TestManyClients(t *testing.T) {
	for _, sync := range []bool{false, true} {
		t.Run(fmt.Sprintf("sync %t", sync), func(t *testing.T) { manyClients(t, sync) })
	}
}

func manyClients(t *testing.T, durable bool) {
	const clients, requests = 8, 150
	b := newRig(t, Options{Sync: durable})
	random := rand.New(rand.NewPCG(5, 6))
	var drawing sync.Mutex
	b.disk.set(func(string) error {
		drawing.Lock()
		defer drawing.Unlock()
		if random.IntN(60) == 0 {
			return syscall.ENOSPC
		}
		return nil
	})
	ctx, cancel := context.WithCancel(context.Background())
	var watching, writing sync.WaitGroup
	watching.Go(func() { b.Run(ctx) })

	var mu sync.Mutex
	openNow := map[uint64]bool{}
	taken := make([][]int, clients)    // first points, in order
	numbers := make(map[uint64]string) // by number: who has it
	watching.Go(func() {
		for ctx.Err() == nil {
			b.wait(tryAgain / 4)
			mu.Lock()
			last, open := b.Bounds()
			for first := range openNow {
				if first < min(last+1, open) {
					t.Errorf("%d is open, but the bounds are %d and %d", first, last, open)
				}
			}
			mu.Unlock()
			_ = b.Trouble()
			_ = b.Position()
			time.Sleep(50 * time.Microsecond)
		}
	})
	for client := range clients {
		name := fmt.Sprint("client-", client)
		random := rand.New(rand.NewPCG(7, uint64(client)))
		r := NewRecord()
		writing.Go(func() {
			for n := range requests {
				points := 1 + random.IntN(20)
				r.Begin(start)
				for i := range points {
					p := somePoint(name, n*1000+i)
					r.Add([]metric.Point{p})
				}
				first, err := b.Append(r)
				if err != nil {
					first = b.Pass(points)
				}
				mu.Lock()
				openNow[first] = true
				for i := range points {
					number := first + uint64(i)
					if who, ok := numbers[number]; ok {
						t.Errorf("%d was given to %s and %s", number, who, name)
					}
					numbers[number] = name
				}
				if err == nil {
					taken[client] = append(taken[client], n)
				}
				delete(openNow, first)
				mu.Unlock()
				b.Done(first)
			}
		})
	}
	writing.Wait()
	cancel()
	watching.Wait()
	last, open := b.Bounds()
	require.Equal(t, last+1, open)

	b.disk.set(nil)
	b.crash()
	found := make(map[string][]int)
	all := b.replay(1)
	require.Zero(t, all.lost)
	for _, p := range all.points {
		var n int
		_, err := fmt.Sscanf(p.Metric, "m.%d", &n)
		require.NoError(t, err)
		if n%1000 == 0 {
			found[p.Endpoint] = append(found[p.Endpoint], n/1000)
		}
	}
	total := 0
	for client := range clients {
		total += len(taken[client])
		got := found[fmt.Sprint("client-", client)]
		if durable { // what was written and then not synced was refused, and may be there
			require.Subset(t, got, taken[client])
			require.IsIncreasing(t, append(got, requests))
			continue
		}
		require.Equal(t, taken[client], got)
	}
	require.NotZero(t, total)
	require.Less(t, total, clients*requests)
}
