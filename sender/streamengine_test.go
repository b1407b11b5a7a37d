package sender

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/sender/queue"
)

// P1 to P5 with a real Redis: against a backend that fails in every way at random, over
// stops and kills of the relay, with a Redis that hangs, is killed and full at random, and
// with another relay that delivers some while this one is gone, each series arrives in
// order and whole.
func TestStreamsUnderRandomFaults(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	for run := range uint64(2) {
		t.Run(fmt.Sprintf("seed %d-%d", seed, run), func(t *testing.T) {
			newStreamEngine(t, rand.New(rand.NewPCG(seed, run))).run(t)
		})
	}
}

// streamEngine is a spoolEngine whose target has streams in a Redis that fails.
type streamEngine struct {
	*spoolEngine
	t      *testing.T
	faulty sync.Mutex // held while Redis fails
}

func newStreamEngine(t *testing.T, random *rand.Rand) *streamEngine {
	e := &streamEngine{t: t, spoolEngine: newSpoolEngine(t, random)}
	bed := newStreamBed(t, e.peer, "--appendonly", "yes", "--appendfsync", "always")
	bed.section, bed.rules = e.bed.section, e.bed.rules
	bed.section.Overflow = overflowBoth
	e.bed, e.full, e.real = bed, false, true
	e.between = e.another
	return e
}

// run is that of the spoolEngine, with faults.
func (e *streamEngine) run(t *testing.T) {
	random := rand.New(rand.NewPCG(e.random.Uint64(), 5))
	stop := make(chan struct{})
	var faults sync.WaitGroup
	faults.Go(func() { e.fail(random, stop) })
	settle := sync.OnceFunc(func() {
		close(stop)
		faults.Wait()
	})
	e.well = settle
	defer settle()
	e.spoolEngine.run(t)
	row := e.bed.target()
	t.Logf("at most %d points in Redis, %d delivered by another relay", e.inRedis, row.MovedOut)
	require.Zero(t, row.RedisPoints)
}

// fail makes Redis fail until stop is closed, and well again at last.
func (e *streamEngine) fail(random *rand.Rand, stop <-chan struct{}) {
	redis := e.bed.redis
	wait := func(most time.Duration) {
		select {
		case <-time.After(time.Duration(random.Int64N(int64(most)))):
		case <-stop:
		}
	}
	for !isClosed(stop) {
		wait(600 * time.Millisecond)
		e.faulty.Lock()
		switch random.IntN(4) {
		case 0:
			redis.Stop()
			wait(400 * time.Millisecond)
			redis.Continue()
		case 1: // leases end meanwhile
			redis.Stop()
			wait(2 * streamLease)
			redis.Continue()
		case 2:
			redis.Kill()
			wait(300 * time.Millisecond)
			redis.Restart()
		case 3:
			redis.Set("maxmemory", "1")
			wait(300 * time.Millisecond)
			redis.Set("maxmemory", "0")
		}
		e.faulty.Unlock()
	}
}

// another lets another relay deliver some of what the relay has left in Redis, at times.
func (e *streamEngine) another() {
	if e.random.IntN(2) == 0 {
		return
	}
	e.faulty.Lock()
	defer e.faulty.Unlock()
	store, client := e.bed.redis.open("relay-b")
	stop := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() { store.Run(stop) })
	for end := time.Now().Add(4 * streamLease); len(store.Orphans()) == 0 && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	for _, orphan := range store.Orphans() {
		stream, err := store.Adopt(context.Background(), orphan)
		if err != nil {
			continue
		}
		at := stream.Claim().Head
		for range e.random.IntN(4) {
			b := new(queue.Block)
			_, next, err := stream.Next(b, at)
			if errors.Is(err, io.EOF) || err != nil || !stream.Held() {
				break
			}
			items := make([]string, b.Len())
			for i := range items {
				items[i] = string(b.Item(i))
			}
			e.peer.arrive(items)
			at = next
			stream.Release(at)
		}
	}
	time.Sleep(200 * time.Millisecond)
	close(stop)
	running.Wait()
	ctx, cancel := contextWithin(time.Second)
	defer cancel()
	store.Close(ctx)
	require.NoError(e.t, client.Close())
}
