package pipeline

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g/metric"
	"transfer/g/stat"
	"transfer/sender/queue"
	"transfer/sender/ring"
	"transfer/transfer/pipeline/journal"
)

// replayer is a Replayer that keeps what it is given.
type replayer struct {
	routes []string
	sinks  []*sink
	full   int // how often there is no room
	asked  int
	wants  func(p *metric.Point) bool // of the last backend by the routing "second"
}

func (r *replayer) Route(routing []byte) { r.routes = append(r.routes, string(routing)) }

func (r *replayer) Wants(backend int) func(p *metric.Point) bool {
	if backend == len(r.sinks)-1 && r.routes[len(r.routes)-1] == "second" {
		return r.wants
	}
	return nil
}

func (r *replayer) Put(backend int, b *queue.Block, slots []int32) { r.sinks[backend].Put(b, slots) }

func (r *replayer) HasRoom() bool {
	r.asked++
	r.full--
	return r.full < 0
}

// A replay gives every backend just what it was given when the points were accepted:
// items, hashes, numbers, time.
func TestReplayRepeatsWhatWasAccepted(t *testing.T) {
	dir, now := t.TempDir(), time.Unix(start, 0)
	clock := func() time.Time { return now }
	j, err := journal.Open(dir, journal.Options{})
	require.NoError(t, err)
	require.NoError(t, j.SetRouting([]byte("first")))
	live := []*sink{{}, {hash: ring.Murmur3, prefix: "cpu"}}
	p := New([]Backend{live[0], live[1]}, Cache{Series: 10, Bytes: 1 << 20}, Durability{Journal: j}, clock)
	p.Open()
	in := p.Inlet(stat.NewReceiver("test", metric.Reasons()))
	other := metric.Point{Endpoint: "e", Metric: "df", Value: 1, Step: 10, Type: metric.Derive}
	accept(t, in, good(), other, good())
	_, err = in.Accept(batch(good(), metric.Point{}, other)) // timestamps by default are those of then
	require.NoError(t, err)
	require.NoError(t, j.SetRouting([]byte("second")))
	accept(t, in, of("b=2,a=1", 1, 2, 3)...)
	require.NoError(t, j.Close())

	j, err = journal.Open(dir, journal.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, j.Close()) }()
	now = now.Add(time.Hour)
	for from, blocks := range map[uint64]int{0: 3, 1: 3, 4: 2, 6: 1, 9: 0} {
		to := &replayer{sinks: []*sink{{}, {hash: ring.Murmur3, prefix: "cpu"}}, full: 3}
		q := New([]Backend{to.sinks[0], to.sinks[1]}, Cache{Series: 10, Bytes: 1 << 20}, Durability{Journal: j}, clock)
		read, lost, err := q.Replay(context.Background(), from, j, to)
		require.NoError(t, err)
		require.Zero(t, lost)
		require.Len(t, to.sinks[0].blocks, blocks)
		for i, s := range to.sinks {
			want := live[i].blocks[len(live[i].blocks)-len(s.blocks):]
			require.Equal(t, append([]*queue.Block(nil), want...), s.blocks)
		}
		points := 0
		for _, b := range to.sinks[0].blocks {
			points += b.Len()
		}
		require.Equal(t, uint64(points), read)
		require.Equal(t, [][]string{nil, {"second"}, {"first", "second"}, {"first", "second"}}[blocks], to.routes)
	}
}

// What a backend wanted when a point was accepted decides, not what it wants now.
func TestReplayByTheWantsOfThen(t *testing.T) {
	entry := func(routing string, first uint64) *journal.Entry {
		b := batch(of("", 1)[0], good())
		return &journal.Entry{First: first, Routing: []byte(routing), Batch: b}
	}
	records := entries{entry("first", 1), entry("second", 3), entry("third", 5)}
	to := &replayer{
		sinks: []*sink{{}, {prefix: "cpu"}},
		wants: func(p *metric.Point) bool { return p.Metric == "m" },
	}
	p := New([]Backend{to.sinks[0], to.sinks[1]}, Cache{Series: 10, Bytes: 1 << 20}, Durability{}, time.Now)
	read, _, err := p.Replay(t.Context(), 0, records, to)
	require.NoError(t, err)
	require.EqualValues(t, 6, read)
	require.Len(t, to.sinks[0].blocks, 3)
	for i, b := range to.sinks[1].blocks {
		require.Equal(t, 1, b.Len())
		require.Equal(t, i != 1, strings.Contains(string(b.Item(0)), "cpu"))
		require.EqualValues(t, 2*i+1, b.First)
	}
	require.Len(t, to.sinks[1].blocks, 3)
}

// entries is a Journaled that has these records.
type entries []*journal.Entry

func (e entries) Replay(_ uint64, each func(*journal.Entry) error) (lost uint64, err error) {
	for _, entry := range e {
		if err := each(entry); err != nil {
			return 7, err
		}
	}
	return 7, nil
}

func TestReplayWaitsForRoom(t *testing.T) {
	records := entries{{First: 1, Batch: batch(good())}, {First: 2, Batch: batch(good())}}
	p, _, _ := newInlet(&sink{})
	to := &replayer{sinks: []*sink{{}}, full: 5}
	read, lost, err := p.Replay(context.Background(), 0, records, to)
	require.NoError(t, err)
	require.Equal(t, []uint64{2, 7}, []uint64{read, lost})
	require.Equal(t, 7, to.asked)
	require.Equal(t, []string{""}, to.routes, "that there is no routing is said once")

	to = &replayer{sinks: []*sink{{}}, full: 1 << 30}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, _, err = p.Replay(ctx, 0, records, to)
	require.True(t, errors.Is(err, context.DeadlineExceeded))
	require.Empty(t, to.sinks[0].blocks)
}

// Points are as old as they are, but no younger than new when the clock was set back.
func TestAcceptanceOfThePast(t *testing.T) {
	now := time.Now()
	c := clock{now: func() time.Time { return now }}
	for _, s := range []struct{ ago, age time.Duration }{
		{time.Hour, time.Hour}, {0, 0}, {-time.Hour, 0},
	} {
		at := c.acceptance(now.Round(0).Add(-s.ago))
		require.Equal(t, s.age, now.Sub(at))
		require.NotEqual(t, at.Round(0).String(), at.String(), "the monotonic part is there")
	}
}
