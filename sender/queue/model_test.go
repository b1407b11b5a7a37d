package queue

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// P1 to P5 of one lane, against a model: whatever is put, sent, refused, written, not
// written, dropped and read again, in whatever order, and wherever the process is
// killed, all points arrive in order or are counted.
func TestLaneAgainstModel(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	for run := range uint64(200) {
		name := fmt.Sprintf("seed %d-%d", seed, run)
		t.Run(name, func(t *testing.T) {
			m := newModel(t, rand.New(rand.NewPCG(seed, run)))
			for i := range 300 {
				m.step()
				m.checkLedger()
				if i%8 == 0 {
					m.checkKept()
				}
			}
			m.finish()
		})
	}
}

// model is a lane, its shelves and what is known of them. A point is its number from 0
// on; its sequence number is one more. All points are of one series.
type model struct {
	t      *testing.T
	random *rand.Rand
	now    time.Time
	limits Limits
	drops  bool // points may be dropped; else the process may be killed

	q       *Queue
	l       *Lane
	disk    *tape
	leaving []*Block    // with the spooler
	redis   *redisModel // nil: the lane has no stream

	points  int   // that were put
	arrived []int // first arrivals
	seen    map[int]bool
	journal []*Block // all that was put
	stored  State
}

func newModel(t *testing.T, random *rand.Rand) *model {
	m := &model{
		t: t, random: random, now: time.Now(), drops: random.IntN(2) == 0, disk: new(tape), seen: map[int]bool{},
		limits: Limits{Batch: 1 + random.IntN(20), Bytes: 1 << 30, MaxAge: time.Hour},
	}
	if m.drops {
		m.limits.Bytes = 64 << 10
		m.limits.MaxAge = time.Duration(1+random.IntN(3000)) * time.Millisecond
	}
	if random.IntN(4) == 0 {
		m.limits.Settle = 10 * time.Millisecond
	}
	if random.IntN(2) == 0 {
		m.redis = &redisModel{stream: new(tape)}
	}
	m.start()
	return m
}

// start makes a process of what was stored.
func (m *model) start() {
	m.q = New(m.limits, 1, NewBudget(1<<40), new(Pool))
	m.l, m.leaving = m.q.Lanes()[0], nil
	place := Place{End: m.disk.end}
	var mark uint64
	if len(m.stored.Lanes) > 0 {
		place.Read, mark = m.stored.Lanes[0].Read, m.stored.Lanes[0].Mark
	}
	m.q.Attach([]Place{place})
	if m.redis != nil {
		m.redis.start(m)
	}
	m.q.Restore(m.stored.Ledger)
	for _, b := range m.journal {
		if b.Last > mark {
			m.l.PutAll(b)
		}
	}
}

func (m *model) step() {
	m.now = m.now.Add(time.Duration(m.random.IntN(40)) * time.Millisecond)
	switch m.random.IntN(16) {
	case 0, 1, 2:
		m.put(1 + m.random.IntN(30))
	case 3, 4, 5:
		m.take()
	case 6:
		m.deliver(m.random.IntN(m.l.InFlight() + 1))
	case 7:
		m.l.Return()
	case 8:
		if m.leaving == nil {
			m.leaving = m.l.Leave(m.random.IntN(3) == 0 || m.q.Turns(m.now))
		}
	case 9, 10:
		m.write(m.random.IntN(len(m.leaving) + 1))
	case 11:
		m.l.GiveBack(m.leaving)
		m.leaving = nil
		m.q.SpoolWorks(m.random.IntN(2) == 0)
	case 12:
		m.stored = m.q.State(uint64(m.points))
		m.redis.release(m.stored.Lanes[0].ReadStream)
	case 13:
		m.misfortune()
	case 14, 15:
		m.redis.step(m)
	}
}

func (m *model) put(n int) {
	b := batch(m.points, m.points+n, m.now)
	for i := range b.Items {
		b.Items[i].Hash = 1
	}
	m.points += n
	m.journal = append(m.journal, b)
	m.l.PutAll(b)
}

// take moves a Block into flight, reading where it must.
func (m *model) take() {
	for range 3 {
		if !m.redis.mayTake(m) {
			return
		}
		b, wait := m.l.Take(m.now, 0)
		if b != nil {
			m.l.Send(m.l.InFlight() - 1)
			return
		}
		if wait != OnShelf {
			return
		}
		shelf, from, _ := m.l.Unread()
		b = m.l.Blank()
		end, ok := m.read(b, shelf, from)
		if m.random.IntN(5) == 0 {
			m.drop() // while it was being read
		}
		if ok {
			m.l.Load(b, shelf, from, end, 0)
		} else {
			m.l.Missing(shelf, from, end, 0)
		}
	}
}

// deliver lets the oldest n Blocks in flight arrive.
func (m *model) deliver(n int) {
	for i := range n {
		m.arrive(numbers(m.t, m.l.flight.at(i)))
	}
	m.l.Delivered(n, 0, m.now)
}

// write writes the n oldest Blocks that left the lane.
func (m *model) write(n int) {
	if n == 0 {
		return
	}
	switch {
	case m.redis.mayWrite(m):
		m.l.Wrote(InStream, m.leaving[:n], m.redis.append(m.leaving[:n]...))
	case m.redis.isStored(m):
		m.l.Wrote(OnDisk, m.leaving[:n], m.disk.append(m.leaving[:n]...))
	default:
		return
	}
	m.leaving = m.leaving[n:]
	if len(m.leaving) == 0 {
		m.leaving = nil
	}
}

// misfortune is a kill, or a loss that must be counted.
func (m *model) misfortune() {
	switch {
	case m.drops && m.leaving == nil && m.random.IntN(8) == 0:
		m.q.Purge()
	case m.drops:
		m.drop()
	case m.random.IntN(3) == 0:
		m.start()
	}
}

func (m *model) drop() {
	if !m.drops || m.leaving != nil { // the spooler does one thing at a time
		return
	}
	if tail, ok := m.disk.drop(); ok {
		m.l.Dropped(OnDisk, tail, DroppedCap)
	}
}

func (m *model) checkLedger() {
	a := m.q.Account()
	require.True(m.t, a.Balanced(), "%+v", a)
	require.True(m.t, slices.IsSorted(m.arrived), "out of order: %v", m.arrived)
}

// checkKept holds that all would come back that has not arrived, were the process killed
// now.
func (m *model) checkKept() {
	if m.drops {
		return
	}
	state := m.q.State(uint64(m.points)).Lanes[0]
	kept := make(map[int]bool)
	for _, r := range m.disk.records {
		if r.end.Next > state.Read.Next {
			for _, point := range numbers(m.t, r.block) {
				kept[point] = true
			}
		}
	}
	m.redis.kept(m.t, state, kept)
	for point := range min(m.points, int(state.Mark)) {
		require.True(m.t, m.seen[point] || kept[point], "point %d is neither delivered nor kept", point)
	}
}

// finish delivers what is left: all that was not dropped has arrived then.
func (m *model) finish() {
	m.l.GiveBack(m.leaving)
	m.leaving = nil
	m.l.Return()
	m.limits.MaxAge = time.Hour
	m.q.limits.MaxAge = time.Hour
	for m.q.Account().Queued > 0 {
		m.redis.claim(m)
		m.now = m.now.Add(20 * time.Millisecond)
		m.take()
		m.deliver(m.l.InFlight())
		m.checkLedger()
	}
	a := m.q.Account()
	require.Zero(m.t, a.Bytes, "all memory is given back")
	require.Zero(m.t, a.OnDisk+a.InRedis)
	if m.drops {
		require.Equal(m.t, uint64(m.points), a.Accepted)
		require.Len(m.t, m.arrived, m.points-int(a.DroppedTotal()))
		return
	}
	require.Empty(m.t, a.Dropped)
	require.Len(m.t, m.arrived, m.points)
	state := m.q.State(uint64(m.points)).Lanes[0]
	require.Equal(m.t, LaneState{
		Mark: uint64(m.points), Read: state.End, End: m.disk.end, ReadStream: state.EndStream, EndStream: state.EndStream,
	}, state)
}
