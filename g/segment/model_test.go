package segment

import (
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// model uses a log at random, beside a simple account of what must be in it.
type model struct {
	t      testing.TB
	random *rand.Rand
	below  *memDisk
	disk   *faultyDisk
	log    *Log
	reader *Reader

	id       uint64            // makes payloads unique
	appended map[uint64]Record // by First: the last one with that number
	former   []Record          // those before, whose number was given again
	must     map[uint64]bool   // by First: it is there, but for what was flipped
	next     uint64            // number behind the last record
	synced   uint64            // what lies below is durable, but for the unsure
	unsure   map[uint64]bool   // by First: a Sync of it failed
	mark     Position          // durable; what lies before is not needed
	tail     uint64            // what lies below has been dropped
	whole    bool              // nothing was missing when the log was opened
	flips    int               // damaged bytes since then
	flipped  bool              // ever
}

func newModel(t testing.TB, seed uint64) *model {
	m := &model{
		t: t, random: rand.New(rand.NewPCG(seed, 0)), below: newMemDisk(),
		appended: map[uint64]Record{}, must: map[uint64]bool{}, unsure: map[uint64]bool{},
		next: 1, synced: 1, tail: 1, mark: Position{Next: 1}, whole: true,
	}
	m.below.power = true
	m.start()
	return m
}

// start opens the log that is on the disk.
func (m *model) start() {
	m.disk = newFaultyDisk(m.below)
	o := small(m.disk)
	o.After, o.ReadAhead, o.salt = m.mark, 1<<10<<m.random.IntN(6), m.random.Uint32
	m.log = open(m.t, o)
	m.reader = m.log.Reader(m.mark)
}

// step does one thing, chosen by op.
func (m *model) step(op byte) {
	switch op % 16 {
	case 0, 1, 2, 3:
		m.append()
	case 4, 5:
		m.read()
	case 6:
		m.moveMark(m.reader.Position())
	case 7:
		_ = m.log.Release(m.mark) // what is not removed is back when the log is opened
	case 8:
		m.sync()
	case 9:
		m.drop()
	case 10:
		_ = m.log.Close() // which may meet an error that was set up
		m.reopen(m.below, m.next)
	case 11:
		m.reopen(m.below, m.next)
	case 12:
		for first := range m.unsure {
			delete(m.must, first)
		}
		m.reopen(m.below.afterPowerCut(m.random), m.synced)
		m.synced = m.next
		clear(m.unsure)
	case 13:
		m.flip()
	case 14:
		m.log.Seal()
	case 15:
		m.fail()
	}
}

func (m *model) append() {
	var all []Record
	next := m.next
	for range 1 + m.random.IntN(4) {
		m.id++
		content := binary.LittleEndian.AppendUint64(nil, m.id)
		content = append(content, payload(m.id, m.random.IntN(1<<m.random.IntN(14)))...)
		all = append(all, Record{First: next, Count: 1 + m.random.Uint32N(5), Payload: content})
		next = all[len(all)-1].Next()
	}
	for m.log.Append(all...) != nil { // fail sets a bound
		require.Equal(m.t, m.next, m.log.End().Next)
	}
	for number := m.next; number < next; number++ {
		if r, ok := m.appended[number]; ok { // it was lost
			m.former = append(m.former, r)
			delete(m.appended, number)
		}
	}
	for _, r := range all {
		m.appended[r.First], m.must[r.First] = r, true
	}
	m.next = next
	require.Equal(m.t, m.next, m.log.End().Next)
}

func (m *model) read() {
	for range m.random.IntN(10) {
		expected := max(m.reader.Position().Next, m.tail)
		r, p, err := m.reader.Next()
		switch {
		case errors.Is(err, io.EOF):
			require.Equal(m.t, m.next, p.Next)
			require.True(m.t, expected == m.next || !m.whole || m.flips > 0)
		case err != nil:
			require.ErrorIs(m.t, err, syscall.EIO)
		default:
			require.True(m.t, m.isAppended(r))
			require.GreaterOrEqual(m.t, r.First, expected)
			require.True(m.t, expected == r.First || !m.whole || m.flips > 0)
		}
	}
}

// isAppended reports whether the record is one that was appended. One whose number was
// given again may come back only if a flipped byte made it seem torn: then a power cut
// can take all that was written since, and leave what an append took back.
func (m *model) isAppended(r Record) bool {
	return same(m.appended[r.First], r) ||
		m.flipped && slices.ContainsFunc(m.former, func(f Record) bool { return same(f, r) })
}

func (m *model) sync() {
	if m.log.Sync() == nil {
		m.synced = m.next
		return
	}
	for first := range m.must { // no Sync to come speaks of these
		if m.appended[first].Next() > m.synced {
			m.unsure[first] = true
		}
	}
}

func (m *model) drop() {
	gone, ok, _ := m.log.Drop()
	if ok && gone.First > 0 {
		m.tail = max(m.tail, gone.Next)
	}
	if tail := m.log.Tail(); tail.Compare(m.mark) > 0 {
		m.moveMark(tail) // else numbers that were dropped are given again
	}
}

func (m *model) moveMark(to Position) {
	if to.Compare(m.mark) <= 0 {
		return // the reader has not seen yet what was dropped
	}
	m.mark = to
	if to.Next > m.synced {
		m.sync() // data before marks
	}
}

// flip damages one byte of a record.
func (m *model) flip() {
	names := m.below.segmentFiles()
	if len(names) == 0 {
		return
	}
	f := m.below.names[names[m.random.IntN(len(names))]]
	if len(f.bytes) <= recordsFrom {
		return
	}
	at, bit := recordsFrom+m.random.IntN(len(f.bytes)-recordsFrom), byte(1)<<m.random.IntN(8)
	f.bytes[at] ^= bit
	if at < len(f.safe) {
		f.safe[at] ^= bit
	}
	m.flips++
	m.flipped = true
}

// fail makes some of the next calls of the disk fail.
func (m *model) fail() {
	n, from := 1+m.random.IntN(3), m.random.IntN(8)
	m.disk.fault = func(int, string) (int, error) {
		if from--; from >= 0 || n == 0 {
			return 0, nil
		}
		n--
		return m.random.IntN(5000), syscall.EIO
	}
}

// reopen opens the log as it is on the disk, reads all of it, and holds it to the
// account: what lies below durable must be there.
func (m *model) reopen(disk *memDisk, durable uint64) {
	m.reader.Close()
	m.below = disk
	m.start()
	all := read(m.t, m.reader)
	damage := m.reader.Damage()
	end := m.log.End()

	var points uint64
	got := map[uint64]bool{}
	for _, r := range all {
		require.True(m.t, m.isAppended(r), "record %d is not the one appended", r.First)
		points += uint64(r.Count)
		got[r.First] = true
	}
	require.Equal(m.t, end.Next-m.mark.Next, points+damage.Points, "what is not read is counted")
	missing := 0
	for first := range m.must {
		r := m.appended[first]
		if first >= max(m.mark.Next, m.tail) && r.Next() <= durable && !got[first] {
			missing++
		}
	}
	require.LessOrEqual(m.t, missing, m.flips)
	m.must, m.next, m.tail = got, end.Next, 1 // what was dropped may be back
	m.whole, m.flips = damage == Damage{}, 0
	m.synced = min(m.synced, m.next)
	m.reader.Close()
	m.reader = m.log.Reader(m.mark)
}

func (m *model) end() {
	m.disk.failing(0, "")
	m.reopen(m.below, m.next)
}

func TestRandomUse(t *testing.T) {
	for seed := range uint64(100) {
		m := newModel(t, seed)
		for range 150 {
			m.step(byte(m.random.Uint32()))
		}
		m.end()
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// FuzzLog holds a log to a simple account of it, over all that can be done with it and
// to it: appends, marks, releases, drops, ends, kills, power cuts, damage and errors of
// the disk.
func FuzzLog(f *testing.F) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		ops := make([]byte, 40)
		for i := range ops {
			ops[i] = byte(random.Uint32())
		}
		f.Add(seed, ops)
	}
	f.Fuzz(func(t *testing.T, seed uint64, ops []byte) {
		m := newModel(t, seed)
		for _, op := range ops[:min(len(ops), 300)] {
			m.step(op)
		}
		m.end()
	})
}
