package segment

import (
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// A writer, two readers, syncs, releases and looks from outside, all at a time, on a
// real disk: every record is read once, in order, untorn.
func TestAllAtATime(t *testing.T) {
	o := plain(nil)
	o.Cap, o.smallest, o.Spare = 512<<10, 64<<10, 3
	l, err := Open(t.TempDir(), o)
	require.NoError(t, err)
	const count = 6000 // points, some 12 MB
	var last [2]atomic.Uint64
	var done atomic.Bool
	var workers, others sync.WaitGroup

	workers.Go(func() {
		random := rand.New(rand.NewPCG(1, 1))
		for next := uint64(1); next <= count; {
			all := records(next, random.IntN(9000), random.IntN(300), random.IntN(5000))
			if !errors.Is(l.Append(all...), nil) {
				t.Error("append failed")
				return
			}
			next += 6
		}
	})
	for i := range last {
		workers.Go(func() {
			r := l.Reader(Position{})
			defer r.Close()
			for next := uint64(1); next <= count; {
				got, p, err := r.Next()
				if errors.Is(err, io.EOF) {
					continue
				}
				if err != nil || got.First != next || !same(got, records(next, len(got.Payload))[0]) {
					t.Errorf("reader %d: record %d, not %d: %v", i, got.First, next, err)
					return
				}
				next = p.Next
				last[i].Store(next)
			}
			if r.Damage() != (Damage{}) {
				t.Errorf("reader %d: %v", i, r.Damage())
			}
		})
	}
	others.Go(func() {
		for !done.Load() {
			if err := l.Sync(); err != nil {
				t.Error(err)
				return
			}
		}
	})
	others.Go(func() {
		for !done.Load() {
			behind := l.Find(min(last[0].Load(), last[1].Load()))
			if err := l.Release(behind); err != nil {
				t.Error(err)
				return
			}
			begun := l.End().Next > 1 // before it is looked for segments: the first one may come any time
			if l.Tail().Compare(l.End()) > 0 || l.Bytes() < 0 || begun && len(l.Segments()) == 0 {
				t.Error("a log that cannot be")
				return
			}
		}
	})
	workers.Wait()
	done.Store(true)
	others.Wait()
	require.NoError(t, l.Close())
	require.Less(t, len(l.Segments()), 30)
}
