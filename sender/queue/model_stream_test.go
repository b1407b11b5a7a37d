package queue

import (
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/g/segment"
)

// redisModel is the stream of the model's lane, as Redis and the other relays have it. A
// nil one is none.
type redisModel struct {
	stream     *tape
	claims     uint64
	held       bool // by the process, whose lane knows what was found
	takenUntil uint64
	found      Found // at the last claim
}

// start makes the stream known to a new process, which does not hold it yet. What was
// written since its state was stored is deleted: the journal has it.
func (r *redisModel) start(m *model) {
	var read uint64
	if len(m.stored.Lanes) > 0 {
		read = m.stored.Lanes[0].ReadStream
	}
	// A state without a stream was stored before there was one: it is known to be empty.
	end := max(1, m.storedStream().Next)
	m.l.AttachStream(max(1, read), end)
	r.cut(end)
	r.stream.end = segment.Position{Next: end}
	r.held = false
}

// cut deletes what lies behind the number.
func (r *redisModel) cut(end uint64) {
	s := r.stream
	for len(s.records) > 0 && s.records[len(s.records)-1].end.Next > end {
		s.records = s.records[:len(s.records)-1]
	}
	s.tail = min(s.tail, len(s.records))
}

// append writes to the stream, whose positions are numbers only.
func (r *redisModel) append(blocks ...*Block) []segment.Position {
	ends := r.stream.append(blocks...)
	for i := range ends {
		ends[i] = segment.Position{Next: ends[i].Next}
	}
	return ends
}

// step is something that happens to Redis, or to the hold on the stream.
func (r *redisModel) step(m *model) {
	switch {
	case r == nil || m.leaving != nil && r.held: // a call is under way
	case m.random.IntN(2) == 0:
		r.claim(m)
	case m.random.IntN(3) == 0:
		r.held = false
	case !m.drops && m.random.IntN(3) == 0: // or else others would deliver what counts as dropped
		r.take(m)
	case m.drops && m.random.IntN(3) == 0:
		r.lose(m)
	}
}

// claim gets hold of the stream.
func (r *redisModel) claim(m *model) {
	if r == nil || r.held {
		return
	}
	r.claims++
	s := r.stream
	end := max(1, s.end.Next) // numbers are never given twice
	r.found = Found{Claim: r.claims, Head: end, End: end, TakenUntil: r.takenUntil}
	if s.tail < len(s.records) {
		r.found.Head = max(1, s.records[s.tail].begin.Next)
	}
	if !m.l.Reconcile(r.found) {
		m.l.Withdraw()
		require.True(m.t, m.l.Reconcile(r.found))
	}
	require.True(m.t, m.l.Reconcile(r.found), "once")
	r.held = true
}

// release deletes what lies wholly before the number.
func (r *redisModel) release(until uint64) {
	if r == nil {
		return
	}
	for s := r.stream; s.tail < len(s.records) && s.records[s.tail].end.Next <= until; {
		s.tail++
	}
}

// take lets another relay deliver some of the stream, which this one does not hold.
func (r *redisModel) take(m *model) {
	if r.held {
		return
	}
	s := r.stream
	for range m.random.IntN(3) {
		if s.tail == len(s.records) {
			return
		}
		first := s.records[s.tail]
		r.takenUntil = first.end.Next
		s.tail++
		m.arrive(numbers(m.t, first.block))
	}
}

// lose lets Redis lose what was written last, or all of it.
func (r *redisModel) lose(m *model) {
	s := r.stream
	r.held = false
	if m.random.IntN(2) == 0 {
		s.tail = len(s.records)
		return
	}
	if s.tail < len(s.records) {
		r.cut(s.records[s.tail+m.random.IntN(len(s.records)-s.tail)].begin.Next)
	}
}

func (r *redisModel) mayTake(m *model) bool {
	return r == nil || r.held || !m.l.SendsStream()
}

func (r *redisModel) mayWrite(m *model) bool {
	return r != nil && r.held && m.l.IsEmpty(OnDisk) && m.random.IntN(4) > 0
}

// isStored reports whether it is stored how far the stream goes. Before that nothing may
// be written to the disk behind it: a new process would find that, and not the stream's
// end.
func (r *redisModel) isStored(m *model) bool {
	return r == nil || m.drops || between(m.storedStream(), m.l.End(InStream)) == 0
}

// kept adds to kept what a new process would find.
func (r *redisModel) kept(t *testing.T, state LaneState, kept map[int]bool) {
	if r == nil {
		return
	}
	for _, record := range r.stream.records[r.stream.tail:] {
		if record.end.Next > state.ReadStream && record.end.Next <= state.EndStream {
			for _, point := range numbers(t, record.block) {
				kept[point] = true
			}
		}
	}
}

// storedStream returns how far the stored state says that the stream goes.
func (m *model) storedStream() (end segment.Position) {
	if len(m.stored.Lanes) > 0 {
		end.Next = m.stored.Lanes[0].EndStream
	}
	return end
}

// read reads from a shelf.
func (m *model) read(b *Block, shelf Shelf, from segment.Position) (end segment.Position, ok bool) {
	if shelf == OnDisk {
		return m.disk.read(b, from)
	}
	end, ok = m.redis.stream.read(b, from)
	return segment.Position{Next: end.Next}, ok
}

// arrive notes points that have arrived.
func (m *model) arrive(points []int) {
	for _, point := range points {
		if !m.seen[point] {
			m.seen[point] = true
			m.arrived = append(m.arrived, point)
		}
	}
}
