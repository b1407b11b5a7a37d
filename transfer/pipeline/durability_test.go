package pipeline

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
	"transfer/g/stat"
	"transfer/sender/queue"
	"transfer/transfer/pipeline/journal"
)

// ledger is a Journal that writes down what it is told.
type ledger struct {
	fails error
	last  uint64
	calls []string
	open  map[uint64]bool
}

func (l *ledger) give(points int) uint64 {
	first := l.last + 1
	l.last += uint64(points)
	if l.open == nil {
		l.open = map[uint64]bool{}
	}
	l.open[first] = true
	return first
}

func (l *ledger) Append(r *journal.Record) (uint64, error) {
	l.calls = append(l.calls, "append")
	if l.fails != nil {
		return 0, l.fails
	}
	return l.give(r.Points()), nil
}

func (l *ledger) Pass(points int) uint64 {
	l.calls = append(l.calls, "pass")
	return l.give(points)
}

func (l *ledger) Done(first uint64) {
	l.calls = append(l.calls, "done")
	delete(l.open, first)
}

// watchedSink tells of each Put.
type watchedSink struct {
	sink
	put func()
}

func (s *watchedSink) Put(b *queue.Block, slots []int32) {
	s.put()
	s.sink.Put(b, slots)
}

// What is acknowledged is in the journal before it is in a queue, and open until it is.
func TestAcceptThroughTheJournal(t *testing.T) {
	j := &ledger{last: 100}
	s := &watchedSink{put: func() { j.calls = append(j.calls, "put") }}
	p := New([]Backend{s}, Cache{}, Durability{Journal: j}, time.Now)
	p.Open()
	in := p.Inlet(stat.NewReceiver("test", metric.Reasons()))
	invalid, err := in.Accept(batch(good(), metric.Point{}, good()))
	require.NoError(t, err)
	require.Equal(t, 1, invalid)
	require.Equal(t, []string{"append", "put", "done"}, j.calls)
	require.Empty(t, j.open)
	require.Equal(t, []uint64{101, 102}, []uint64{s.blocks[0].First, s.blocks[0].Last})

	_, err = in.Accept(batch(metric.Point{}))
	require.NoError(t, err)
	require.Len(t, j.calls, 3, "nothing to keep")
}

// What the journal does not take goes on in memory, or is refused and not counted.
func TestJournalThatFails(t *testing.T) {
	for _, refuse := range []bool{false, true} {
		j, s := &ledger{fails: errors.New("disk full of /secret/paths")}, &sink{}
		p := New([]Backend{s}, Cache{}, Durability{Journal: j, Refuse: refuse}, time.Now)
		p.Open()
		counts := stat.NewReceiver("test", metric.Reasons())
		in := p.Inlet(counts)
		_, err := in.Accept(batch(good(), metric.Point{}))
		require.Empty(t, j.open)
		if refuse {
			require.EqualError(t, err, "retry: the relay cannot write its journal at present")
			require.Empty(t, s.blocks)
			require.Zero(t, counts.Accepted.Load())
			require.Empty(t, counts.Refused.NonZero())
			require.Equal(t, []string{"append"}, j.calls)
			j.fails = nil
		} else {
			require.NoError(t, err)
			require.Equal(t, []string{"append", "pass", "done"}, j.calls)
			require.Len(t, s.blocks, 1)
		}
		accept(t, in, good())
		require.Equal(t, j.last, s.blocks[len(s.blocks)-1].Last)
	}
}

// A panic on the way does not leave the request open for ever: the journal would grow
// without end.
func TestPanicEndsTheRequest(t *testing.T) {
	j := &ledger{}
	s := &watchedSink{put: func() { panic("a fault of ours") }}
	p := New([]Backend{s}, Cache{}, Durability{Journal: j}, time.Now)
	p.Open()
	in := p.Inlet(stat.NewReceiver("test", metric.Reasons()))
	require.Panics(t, func() { _, _ = in.Accept(batch(good())) })
	require.Empty(t, j.open)
	p.Close()
}
