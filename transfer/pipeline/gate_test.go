package pipeline

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
	"transfer/g/stat"
	"transfer/sender/queue"
)

// slowSink holds each Put until it is let go.
type slowSink struct {
	sink
	entered, leave chan struct{}
}

func (s *slowSink) Put(b *queue.Block, slots []int32) {
	s.entered <- struct{}{}
	<-s.leave
	s.sink.Put(b, slots)
}

func TestGate(t *testing.T) {
	s := &sink{}
	p := New([]Backend{s}, Cache{}, Durability{}, time.Now)
	counts := stat.NewReceiver("test", metric.Reasons())
	in := p.Inlet(counts)
	refuse := func(when string) {
		_, err := in.Accept(batch(good(), metric.Point{}))
		require.Error(t, err, when)
		require.True(t, strings.HasPrefix(err.Error(), "retry: "), "%s: %v", when, err)
	}

	refuse("before Open")
	p.Open()
	accept(t, in, good())
	p.Close()
	refuse("after Close")

	require.Len(t, s.blocks, 1)
	require.Equal(t, uint64(1), s.blocks[0].Last)
	require.Equal(t, uint64(1), counts.Accepted.Load())
	require.Empty(t, counts.Refused.NonZero(), "what was not taken is not counted")
}

// After Close no backend is given anything: it waits for the batch under way.
func TestCloseWaits(t *testing.T) {
	s := &slowSink{entered: make(chan struct{}), leave: make(chan struct{})}
	p, in, _ := newInlet(s)

	var group sync.WaitGroup
	group.Go(func() { _, _ = in.Accept(batch(good())) })
	<-s.entered
	arrived := 0
	group.Go(func() {
		p.Close()
		arrived = len(s.blocks)
	})
	require.Eventually(t, func() bool { // Close waits at the gate: nobody enters any more
		if p.gate.mu.TryRLock() {
			p.gate.mu.RUnlock()
			return false
		}
		return true
	}, 5*time.Second, time.Millisecond)
	s.leave <- struct{}{}
	group.Wait()
	require.Equal(t, 1, arrived, "the batch under way came through before Close returned")
}
