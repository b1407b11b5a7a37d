package queue

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// LookAhead may be called at any time, for lanes in any state, and changes nothing.
func TestLookAhead(t *testing.T) {
	const rounds = 20_000
	q := New(Limits{Batch: 3, Bytes: 1 << 20, MaxAge: time.Hour}, 3, NewBudget(1<<20), &Pool{})
	a, b, c := q.Lanes()[0], q.Lanes()[1], q.Lanes()[2]
	src := &Block{Accepted: time.Now()}
	for _, item := range []string{"one", "", "a longer one"} {
		src.Payload = append(src.Payload, item...)
		src.Close(0)
	}
	LookAhead(a, b, c, 3, 0)
	LookAhead(a, a, a, 0, 1<<20)

	var group sync.WaitGroup
	defer group.Wait()
	group.Go(func() {
		for range rounds {
			LookAhead(a, b, c, 3, len(src.Payload))
			LookAhead(c, a, b, 1<<10, 1<<16)
		}
	})
	for range rounds {
		for _, l := range q.Lanes() {
			l.Put(src, []int32{0, 1, 2})
			got, _ := l.Take(time.Now(), 0)
			require.NotNil(t, got)
			require.Equal(t, src.Payload, got.Payload)
			l.Delivered(1, 0, time.Now())
		}
	}
	require.Zero(t, q.Account().Queued)
}
