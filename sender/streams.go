package sender

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	jsoniter "github.com/json-iterator/go"

	"transfer/g/segment"
	"transfer/sender/overflow"
	"transfer/sender/queue"
)

// streams are what the lanes of a target of this relay have in Redis: the first shelf of
// their backlogs. Where there is no overflow they are none. What is there may be read and
// sent only while the relay holds the stream, and has reconciled the lane with what it
// found.
//
// A stream is written to only when nothing is left on the lane's disk, and the disk behind
// a stream only when it is stored how far that goes: what a new process finds in a stream
// behind the end that was stored it takes from the journal again, and deletes it, so
// nothing that came later may lie on disk by then.
type streams struct {
	queue *queue.Queue
	lanes []ownStream
}

// ownStream is that of one lane.
type ownStream struct {
	stream   *overflow.Stream
	newest   time.Time     // when it was written to last; spooler only
	stored   atomic.Uint64 // how far it goes, as was stored last
	released atomic.Uint64 // up to where it is delivered, likewise
	awaited  atomic.Bool   // something is to be written to disk once it is stored how far it goes
}

// newStreams gives each lane of a target its stream, of which past tells what was stored:
// queued from now on, whether Redis answers or not.
func newStreams(t *target, past *TargetState, s *shared) streams {
	all := streams{queue: t.queue}
	if t.relay != "" {
		return all // what lies in Redis of it is another relay's
	}
	if s.storage.Overflow == nil {
		for i := range t.lanes {
			if l := past.lane(i); l.ReadStream < l.EndStream {
				s.log.Error("points of a target lie in Redis, which is not configured: they wait there, and are not counted meanwhile",
					"target", t.id, "lane", i, "points", l.EndStream-l.ReadStream)
			}
		}
		return all
	}
	all.lanes = make([]ownStream, len(t.lanes))
	section := t.role.Load().section
	now := s.backend(section.Name)
	for i, l := range t.queue.Lanes() {
		before, own := past.lane(i), &all.lanes[i]
		own.newest = s.now()
		own.note(before)
		own.stream = s.storage.Overflow.Own(overflow.StreamOptions{
			Target: t.id, Lane: i, Lanes: len(t.lanes), Hash: section.Hash, Encoding: t.encoding,
			Routing: func() []byte { return t.placing(now) }, Ring: now.fingerprint,
			Read: before.ReadStream, End: before.EndStream,
		})
		l.AttachStream(before.ReadStream, before.EndStream)
	}
	return all
}

// note takes over what is stored of the lane.
func (o *ownStream) note(stored LaneState) {
	o.stored.Store(stored.EndStream)
	o.released.Store(max(1, stored.ReadStream))
}

// of returns the stream of a lane, nil if it has none.
func (s *streams) of(lane int) *overflow.Stream {
	if s.lanes == nil {
		return nil
	}
	return s.lanes[lane].stream
}

// foundIn returns what was found in the stream when its lease was got last.
func foundIn(stream *overflow.Stream) queue.Found {
	c := stream.Claim()
	return queue.Found{Claim: c.Number, Head: c.Head, End: c.End, TakenUntil: c.TakenUntil}
}

// reconcile makes the lanes' accounts agree with what was found since, also of lanes that
// have nothing to send.
func (s *streams) reconcile() {
	for i, lane := range s.queue.Lanes() {
		if stream := s.of(i); stream != nil && stream.Held() {
			lane.Reconcile(foundIn(stream)) // a lane that has some of it in flight does it itself
		}
	}
}

// append writes the Blocks that left a lane to its stream, as far as that may and does take
// them, and returns the rest. It waits for one call that fails at most: then Redis counts as
// away, and nobody tries.
func (s *streams) append(i int, blocks []*queue.Block, now time.Time) (rest []*queue.Block) {
	lane, stream := s.queue.Lanes()[i], s.of(i)
	for len(blocks) > 0 && stream != nil && stream.Writable() && lane.IsEmpty(queue.OnDisk) && lane.Reconcile(foundIn(stream)) {
		some := portion(blocks)
		ends, err := stream.Append(blocks[:some]...)
		if err != nil {
			break
		}
		lane.Reconcile(foundIn(stream)) // the call may have made the stream
		lane.Wrote(queue.InStream, blocks[:some], positions(ends))
		s.lanes[i].newest = now
		blocks = blocks[some:]
	}
	return blocks
}

func positions(numbers []uint64) (all []segment.Position) {
	for _, n := range numbers {
		all = append(all, segment.Position{Next: n})
	}
	return all
}

// mayFollow reports whether the disk may be written behind the stream of a lane. If not, the
// spooler is told when it may.
func (s *streams) mayFollow(i int) bool {
	if s.lanes == nil {
		return true
	}
	own, end := &s.lanes[i], s.queue.Lanes()[i].End(queue.InStream).Next
	own.awaited.Store(true) // first: what is stored in between must not be missed
	if own.stored.Load() < end {
		return false
	}
	own.awaited.Store(false)
	return true
}

// wanting returns why the stream of a lane takes nothing at present.
func (s *streams) wanting(i int, store *overflow.Store) error {
	switch stream := s.of(i); {
	case store == nil || stream == nil:
		return errors.New("there is no Redis: the section redis is not enabled")
	case store.Trouble() != nil:
		return store.Trouble()
	case !stream.Held() && !stream.Writable():
		return overflow.ErrNotHeld
	}
	return overflow.ErrFull
}

// release notes that the lanes' state is stored, and gives free in Redis what lies before
// the read positions.
func (s *streams) release(lanes []LaneState) {
	for i := range min(len(s.lanes), len(lanes)) {
		own := &s.lanes[i]
		own.note(lanes[i])
		own.stream.Release(lanes[i].ReadStream)
		if own.awaited.Swap(false) {
			s.queue.Look()
		}
	}
}

// isRead reports whether nothing is left in Redis.
func (s *streams) isRead() bool {
	for i := range s.lanes {
		if own := &s.lanes[i]; own.released.Load() < own.stream.End() || own.stream.Bytes() > 0 {
			return false
		}
	}
	return true
}

// capAge drops what is in a stream that was written to last longer than maxAge ago.
func (s *streams) capAge(now time.Time, maxAge time.Duration) (dropped uint64) {
	for i := range s.lanes {
		if now.Sub(s.lanes[i].newest) > maxAge {
			lane := s.queue.Lanes()[i]
			dropped += lane.Dropped(queue.InStream, lane.End(queue.InStream), queue.DroppedAge)
		}
	}
	return dropped
}

// close lets go of the streams: nobody renews their leases any more.
func (s *streams) close() {
	for i := range s.lanes {
		s.lanes[i].stream.Close()
	}
}

// keep makes of what was stored before what is to be stored of lanes that have no stream
// now: Redis may be configured again.
func (s *streams) keep(lanes []LaneState, past *TargetState) {
	if s.lanes != nil {
		return
	}
	for i := range lanes {
		before := past.lane(i)
		lanes[i].ReadStream, lanes[i].EndStream = before.ReadStream, before.EndStream
	}
}

// placing returns the routing by which the target has its points, as JSON, for a relay that
// adopts its streams. It takes no lock of the Sender.
func (t *target) placing(now *backendNow) []byte {
	var all routing
	if onward := t.role.Load().onward; onward != nil {
		if way, ok := onward.way.(*layerWay); ok {
			all.Backends = append(all.Backends, way.layer.routing)
		}
	} else if c := now.cluster(); c != nil {
		all.Backends = append(all.Backends, c.routing())
	}
	text, err := jsoniter.Marshal(all)
	if err != nil { // of plain structs: a mistake in their definition
		panic("sender: cannot encode the routing of a target: " + err.Error())
	}
	return text
}

// fingerprint returns that of the ring of now; empty where there is none.
func (b *backendNow) fingerprint() string {
	if c := b.cluster(); c != nil && c.ring != nil {
		return c.ring.Fingerprint()
	}
	return ""
}

// The values of overflow.
const (
	overflowRedis = "redis"
	overflowBoth  = "disk+redis"
)

// refused is why what left a lane is to stay in memory.
func (s *spooler) refused(lane int) error {
	return fmt.Errorf("cannot write to its stream in Redis, and overflow is %q: %w", overflowRedis, s.streams.wanting(lane, s.overflow))
}

// keepsLanes reports whether something is left in streams of a target that had another
// number of lanes, and which.
func keepsLanes(past *TargetState, wanted int) (lanes int, is bool) {
	if past == nil || len(past.Lanes) == wanted {
		return wanted, false
	}
	is = slices.ContainsFunc(past.Lanes, func(l LaneState) bool { return l.ReadStream < l.EndStream })
	return len(past.Lanes), is
}
