package pipeline

import (
	"context"
	"slices"
	"time"

	"transfer/g/metric"
	"transfer/sender/queue"
	"transfer/transfer/pipeline/journal"
)

// Journaled is where Replay reads; journal.Journal says what its method promises.
type Journaled interface {
	Replay(from uint64, each func(*journal.Entry) error) (lost uint64, err error)
}

// Replayer places points that a process before this one has accepted. One goroutine
// uses it.
type Replayer interface {
	// Route takes over the routing of the points that follow, as that process put it
	// into its journal; nil: it is not known.
	Route(routing []byte)
	// Wants returns the Wants of a backend at the time of that routing, nil where it wants
	// the same points now. backend is as in Put.
	Wants(backend int) func(p *metric.Point) bool
	// Put gives the items of a record that are owed to the targets. backend is the
	// index of the Backend that encoded them; the rest is as in Backend.Put.
	Put(backend int, b *queue.Block, slots []int32)
	// HasRoom is false while Put would make points go that wait already.
	HasRoom() bool
}

// roomEvery is how often a Replay asks whether there is room again.
const roomEvery = 5 * time.Millisecond

// Replay gives the points of a journal from the sequence number from on to the
// targets that were not given them before. It is done before Open, so that no point
// is put before an older one. It returns how many points it read, and how many the
// journal has lost. An error of ctx ends it.
func (p *Pipeline) Replay(ctx context.Context, from uint64, records Journaled, to Replayer) (read, lost uint64, err error) {
	now := newPassage(p.outputs.Load())
	w := now
	var routing []byte
	routed := false
	lost, err = records.Replay(from, func(e *journal.Entry) error {
		if !routed || !same(routing, e.Routing) {
			routing, routed = e.Routing, true
			to.Route(routing)
			w = now.past(to)
		}
		if err := waitForRoom(ctx, to); err != nil {
			return err
		}
		w.replay(e, p.clock.acceptance(e.Accepted), to)
		w.empty()
		read += uint64(len(e.Batch.Points))
		return nil
	})
	return read, lost, err
}

// replayCache bounds what is remembered of series while points of other filters are
// replayed.
func replayCache() Cache { return Cache{Series: 1 << 17, Bytes: 32 << 20} }

// past returns the passage to the backends as they were by the routing that to was given:
// this one, unless some of them wanted other points then.
func (w *passage) past(to Replayer) *passage {
	backends := make([]Backend, len(w.to.backends))
	same := true
	for i := range backends {
		backends[i] = w.to.backends[i].Backend
		if wants := to.Wants(i); wants != nil {
			backends[i], same = pastBackend{backends[i], wants}, false
		}
	}
	if same {
		return w
	}
	return newPassage(newOutputs(backends, replayCache()))
}

// pastBackend is a backend that wants what it wanted once.
type pastBackend struct {
	Backend
	wants func(p *metric.Point) bool
}

// Wants implements Backend.
func (b pastBackend) Wants(p *metric.Point) bool { return b.wants(p) }

// same reports whether both are the same slice.
func same(a, b []byte) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// waitForRoom returns when there is room, or ctx ends.
func waitForRoom(ctx context.Context, to Replayer) error {
	if ctx.Err() == nil && to.HasRoom() {
		return nil
	}
	tick := time.NewTicker(roomEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			if to.HasRoom() {
				return nil
			}
		}
	}
}

// replay encodes the points of the record and hands them on.
func (w *passage) replay(e *journal.Entry, accepted time.Time, to Replayer) {
	for points := range slices.Chunk(e.Batch.Points, atOnce) {
		w.encodeSome(e.Batch, points)
	}
	for i := range w.loads {
		l := &w.loads[i]
		if b := &l.whole; b.Len() > 0 {
			b.First, b.Last, b.Accepted = e.First, e.Last(), accepted
			to.Put(i, b, l.slots)
		}
	}
}

// encodeSome encodes points that were valid when they were accepted.
func (w *passage) encodeSome(b *metric.Batch, points []metric.Point) {
	defer w.cursor.Done()
	for i := range points {
		w.encode(b, &points[i])
	}
}
