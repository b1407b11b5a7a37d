package pipeline

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
	"transfer/g/stat"
	"transfer/sender/queue"
	"transfer/sender/ring"
	"transfer/transfer/pipeline/journal"
)

// turnSink is a sink that may be given Blocks only while it is its set's turn.
type turnSink struct {
	sink
	turn  *atomic.Bool
	early *atomic.Int64 // Blocks that came out of turn
}

func (s *turnSink) Put(b *queue.Block, slots []int32) {
	if !s.turn.Load() {
		s.early.Add(1)
	}
	s.sink.Put(b, slots)
}

// busyJournal knows how many batches lie between their append and their end.
type busyJournal struct {
	busy     atomic.Int64
	sequence atomic.Uint64
}

func (j *busyJournal) Append(*journal.Record) (uint64, error) {
	j.busy.Add(1)
	return j.sequence.Add(batchPoints) - batchPoints + 1, nil
}

func (j *busyJournal) Pass(int) uint64 { panic("every batch is appended") }

func (j *busyJournal) Done(uint64) { j.busy.Add(-1) }

const batchPoints = 20

// While clients send, the backends change again and again: no batch is refused, each
// goes whole to one set, and never to the set whose turn is over.
func TestChangeWhilePointsFlow(t *testing.T) {
	const clients, changes = 4, 40
	var early, disturbed atomic.Int64
	type set struct {
		turn  atomic.Bool
		sinks []*turnSink
	}
	sets := [2]*set{new(set), new(set)}
	for i, s := range sets {
		for _, hash := range []ring.Hash{ring.CRC32, ring.Murmur3}[:2-i] { // one has a backend less
			s.sinks = append(s.sinks, &turnSink{sink: sink{hash: hash}, turn: &s.turn, early: &early})
		}
	}
	backends := func(s *set) (all []Backend) {
		for _, one := range s.sinks {
			all = append(all, one)
		}
		return all
	}
	cache := Cache{Series: 100, Bytes: 64 << 20}
	j := &busyJournal{}
	p := New(backends(sets[0]), cache, Durability{Journal: j}, time.Now)
	sets[0].turn.Store(true)
	p.Open()

	var group sync.WaitGroup
	end, sent := make(chan struct{}), make([]int, clients)
	for client := range clients {
		group.Go(func() {
			in := p.Inlet(stat.NewReceiver("test", metric.Reasons()))
			for n := 0; ; n++ {
				select {
				case <-end:
					sent[client] = n
					return
				default:
				}
				b := &metric.Batch{}
				for i := range batchPoints {
					point := good()
					point.Endpoint, point.Metric = fmt.Sprintf("%d-%d", client, n), fmt.Sprint("m", i)
					*b.Add() = point
				}
				if _, err := in.Accept(b); err != nil {
					t.Errorf("a batch was refused: %v", err)
					return
				}
			}
		})
	}
	for n := range changes {
		before := j.sequence.Load()
		require.Eventually(t, func() bool { return j.sequence.Load() > before }, 10*time.Second, 10*time.Microsecond)
		old, next := sets[n%2], sets[(n+1)%2]
		p.Change(backends(next), cache, func() {
			if j.busy.Load() != 0 {
				disturbed.Add(1)
			}
			old.turn.Store(false)
			next.turn.Store(true)
		})
	}
	close(end)
	group.Wait()
	require.Zero(t, disturbed.Load(), "between runs while no batch is under way")
	require.Zero(t, early.Load(), "a set whose turn it is not is given nothing")

	var batches [2]map[string]int // points by batch, of each set
	for i, s := range sets {
		for _, one := range s.sinks {
			got := make(map[string]int)
			for _, b := range one.blocks {
				for item := range b.Items {
					endpoint, _, _ := strings.Cut(string(b.Item(item)), " ")
					got[endpoint]++
				}
			}
			require.NotEmpty(t, got)
			if batches[i] == nil {
				batches[i] = got
			}
			require.Equal(t, batches[i], got, "each backend of a set has the same batches")
		}
	}
	total := 0
	for client, n := range sent {
		total += n
		for batch := range n {
			name := fmt.Sprintf("%d-%d", client, batch)
			require.Equal(t, batchPoints, batches[0][name]+batches[1][name])
			require.True(t, batches[0][name] == 0 || batches[1][name] == 0, "a batch is wholly in one set")
		}
	}
	require.Equal(t, total, len(batches[0])+len(batches[1]))
}

// A change before Open opens nothing.
func TestChangeKeepsTheGateAsItIs(t *testing.T) {
	s := &sink{}
	p := New(nil, Cache{}, Durability{}, time.Now)
	in := p.Inlet(stat.NewReceiver("test", metric.Reasons()))
	called := false
	p.Change([]Backend{s}, Cache{}, func() { called = true })
	require.True(t, called)
	_, err := in.Accept(batch(good()))
	require.ErrorContains(t, err, "not ready")
	p.Open()
	accept(t, in, good())
	require.Len(t, s.blocks, 1)
}
