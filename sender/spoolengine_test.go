package sender

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/sender/queue"
)

// P1 to P5 with spools: against a backend that fails in every way at random, over
// stops and kills at random moments, with a disk that is full at times, each series
// arrives in order and whole, but for what is counted as dropped.
func TestSpoolsUnderRandomFaults(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	for run := range uint64(40) {
		t.Run(fmt.Sprintf("seed %d-%d", seed, run), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newSpoolEngine(t, rand.New(rand.NewPCG(seed, run))).run(t) })
		})
	}
}

// spoolEngine plays the journal and the keeper of the state for a Sender with one
// target.
type spoolEngine struct {
	random *rand.Rand
	bed    *spoolBed
	peer   *chaos
	full   bool // the disk is, at times
	real   bool // time is: nobody waits for long

	mu      sync.Mutex
	journal []*queue.Block
	last    uint64
	open    map[uint64]bool // first numbers of requests that are being put
	stored  *State

	between func() // lives; nil: nothing happens
	well    func() // makes all well that is not the engine's; nil: there is nothing

	inRedis uint64 // most that were there

	next [engineWriters][engineSeries]int // numbers of the series, each writer's own
}

const (
	engineWriters = 3
	engineSeries  = 6 // of each writer
)

func newSpoolEngine(t *testing.T, random *rand.Rand) *spoolEngine {
	e := &spoolEngine{random: random, peer: newChaos(rand.New(rand.NewPCG(random.Uint64(), 1))), open: map[uint64]bool{}}
	e.bed = newSpoolBed(t, e.peer)
	e.bed.section.Batch = 1 + random.IntN(50)
	e.bed.section.Lanes = 1 + random.IntN(3)
	e.peer.window = random.IntN(3) == 0
	if e.peer.window {
		e.bed.rules.Window = 1 << (10 + random.IntN(6))
	}
	e.full = random.IntN(3) == 0
	t.Logf("window %d, full %t, %d lanes, batch %d", e.bed.rules.Window, e.full, e.bed.section.Lanes, e.bed.section.Batch)
	return e
}

func (e *spoolEngine) run(t *testing.T) {
	lives := 1 + e.random.IntN(4)
	for life := range lives {
		if e.between != nil && life > 0 {
			e.between()
		}
		s := e.bed.start(t, e.stored)
		e.replay(s)
		stop := make(chan struct{})
		var keepers, writers sync.WaitGroup
		keepers.Go(func() { e.keep(t, s, stop) })
		for w := range engineWriters {
			random := rand.New(rand.NewPCG(e.random.Uint64(), 3))
			writers.Go(func() { e.write(s, w, random) })
		}
		writers.Wait()
		last := life == lives-1
		if last {
			e.settle()
		}
		close(stop)
		keepers.Wait()
		e.end(t, s)
		if last {
			e.verify(t)
		}
	}
}

// replay puts what is behind the marks, as the journal has it.
func (e *spoolEngine) replay(s *Sender) {
	c := s.clusters[0]
	for _, b := range e.journal {
		owed := make([][]int32, c.lanes)
		for i, item := range b.Items {
			lane := queue.LaneOf(item.Hash, c.lanes)
			if e.stored == nil || b.Last > e.stored.Targets[0].Lanes[lane].Mark {
				owed[lane] = append(owed[lane], int32(i))
			}
		}
		for lane, items := range owed {
			if len(items) > 0 {
				c.slots[lane][0].Put(b, items)
			}
		}
		for !s.HasRoom() {
			time.Sleep(time.Millisecond)
		}
	}
}

// keep stores the state every 100 ms and lets nothing hold the journal for long.
func (e *spoolEngine) keep(t *testing.T, s *Sender, stop <-chan struct{}) {
	for !isClosed(stop) {
		time.Sleep(100 * time.Millisecond)
		last, open := e.bounds()
		state := s.State(min(last, open-1))
		require.NoError(t, s.SyncSpools())
		e.mu.Lock()
		e.stored = state
		e.mu.Unlock()
		s.Stored(state)
		if room := e.journalRoom(); last > room {
			s.Unburden(last - room)
		}
		row := e.bed.target()
		e.inRedis = max(e.inRedis, row.RedisPoints)
		if !row.Balanced() {
			t.Errorf("not balanced: %+v", row)
			return
		}
	}
}

// journalRoom is how many points the journal has room for.
func (e *spoolEngine) journalRoom() uint64 {
	if e.real {
		return 200
	}
	return 2000
}

func (e *spoolEngine) bounds() (last, open uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	open = e.last + 1
	for first := range e.open {
		open = min(open, first)
	}
	return e.last, open
}

func (e *spoolEngine) write(s *Sender, writer int, random *rand.Rand) {
	for range 100 {
		b := &queue.Block{Accepted: time.Now()}
		for range 1 + random.IntN(60) {
			i := random.IntN(engineSeries)
			e.next[writer][i]++
			series := writer*engineSeries + i
			b.Payload = fmt.Appendf(b.Payload, "%d %d", series, e.next[writer][i])
			b.Close(uint32(series) * 0x9E3779B1)
		}
		e.mu.Lock()
		b.First, b.Last = e.last+1, e.last+uint64(b.Len())
		e.last = b.Last
		e.journal = append(e.journal, b)
		e.open[b.First] = true
		e.mu.Unlock()
		if random.IntN(10) == 0 {
			time.Sleep(time.Duration(random.IntN(30)) * time.Millisecond) // another one may overtake it
		}
		place(s.clusters[0], b)
		e.mu.Lock()
		delete(e.open, b.First)
		e.mu.Unlock()
		time.Sleep(time.Duration(random.IntN(40)) * time.Millisecond)
		if random.IntN(20) == 0 && !e.real {
			time.Sleep(6 * time.Second)
		}
		if e.full {
			e.bed.disk.full.Store(random.IntN(3) == 0)
		}
	}
}

// settle makes all well and waits until all is delivered.
func (e *spoolEngine) settle() {
	if e.well != nil {
		e.well()
	}
	e.peer.mu.Lock()
	e.peer.ill = false
	e.peer.mu.Unlock()
	e.bed.disk.full.Store(false)
	for e.bed.target().Queued > 0 {
		time.Sleep(10 * time.Millisecond)
	}
}

// end is a stop in order, or a kill: then the last state is one that was stored before.
func (e *spoolEngine) end(t *testing.T, s *Sender) {
	killed := e.random.IntN(2) == 0
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(e.random.IntN(500))*time.Millisecond)
	defer cancel()
	s.Stop(ctx)
	require.True(t, e.bed.target().Balanced())
	if !killed {
		e.stored = s.State(e.last)
		s.Stored(e.stored)
	}
	require.NoError(t, s.Close())
	if e.bed.client != nil {
		require.NoError(t, e.bed.client.Close())
	}
}

func (e *spoolEngine) verify(t *testing.T) {
	time.Sleep(time.Second)
	e.peer.mu.Lock()
	defer e.peer.mu.Unlock()
	row := e.bed.target()
	require.Zero(t, e.peer.late, "first arrivals out of order")
	require.Zero(t, row.Queued)
	require.Zero(t, row.Mismatches)
	arrived := uint64(len(e.peer.got))
	require.LessOrEqual(t, arrived, e.last)
	if e.full {
		require.GreaterOrEqual(t, arrived+row.DroppedTotal(), e.last, "lost and not counted")
		return
	}
	if e.real { // a connection that others break is held against the Block that it had
		dead := row.Dropped["dead_letter"]
		require.Equal(t, row.DroppedTotal(), dead)
		require.GreaterOrEqual(t, arrived+dead, e.last, "lost")
		return
	}
	require.Empty(t, row.Dropped)
	require.Equal(t, e.last, arrived, "lost")
	require.GreaterOrEqual(t, row.Accepted, e.last)
}
