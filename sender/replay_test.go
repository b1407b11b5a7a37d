package sender

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/g"
	"transfer/sender/queue"
)

// relaySite is the configuration of a relay's ring in a test.
type relaySite struct {
	nodes    map[string][]string // name: addresses
	lanes    int
	hash     string
	replicas int
	absent   bool // not enabled
}

// section returns the site as a backend's section.
func (s relaySite) section(name string) *g.Backend {
	b := &g.Backend{
		Name: name, Hash: s.hash, Replicas: s.replicas, Batch: 200, MaxConns: 32, Lanes: s.lanes,
		QueueBytes: 64 << 20, MaxAge: time.Hour,
	}
	for _, node := range slices.Sorted(maps.Keys(s.nodes)) {
		b.Nodes = append(b.Nodes, g.Node{Name: node, Addresses: s.nodes[node]})
	}
	return b
}

// idleSender returns a Sender with one cluster "peer" whose lanes nobody runs.
func idleSender(t testing.TB, at relaySite) *Sender {
	t.Helper()
	s := newSender(1<<30, quiet())
	if at.absent {
		return s
	}
	p := plan{Backend: &peer{}}
	if at.nodes == nil {
		p.group = []string{"a:1", "b:1"}
	}
	c, err := newCluster(kind{name: "peer", build: func(*g.Backend, int) (plan, error) { return p, nil }}, at.section("peer"), 30, s.shared)
	require.NoError(t, err)
	s.use(c)
	return s
}

// journaled is a record of the journal: items, each its own number, with their hashes.
type journaled struct {
	first  uint64
	hashes []uint32
}

// records returns random records that are contiguous.
func records(random *rand.Rand, n int) (all []journaled) {
	next := uint64(1)
	for range n {
		r := journaled{first: next}
		for range 1 + random.IntN(400) {
			r.hashes = append(r.hashes, random.Uint32())
		}
		next += uint64(len(r.hashes))
		all = append(all, r)
	}
	return all
}

// put gives the record to the replay, as the pipeline does.
func (r journaled) put(s *Sender, to *Replay) {
	b := &queue.Block{First: r.first, Last: r.first + uint64(len(r.hashes)) - 1, Accepted: time.Now()}
	var slots []int32
	for i, h := range r.hashes {
		b.Payload = binary.LittleEndian.AppendUint64(b.Payload, r.first+uint64(i))
		b.Close(h)
		slots = append(slots, s.clusters[0].Slot(h))
	}
	to.Put(0, b, slots)
}

// held returns the numbers that wait in each lane, as "target/lane".
func held(t *testing.T, s *Sender) map[string][]uint64 {
	t.Helper()
	all := map[string][]uint64{}
	now := time.Now().Add(time.Minute)
	for _, tg := range s.targets() {
		for i, l := range tg.queue.Lanes() {
			id := fmt.Sprint(tg.id, "/", i)
			for b, _ := l.Take(now, 0); b != nil; b, _ = l.Take(now, 0) {
				for n := range b.Items {
					number := binary.LittleEndian.Uint64(b.Item(n))
					if number < b.First || number > b.Last {
						t.Fatalf("%d in a Block of %d to %d", number, b.First, b.Last)
					}
					all[id] = append(all[id], number)
				}
				l.Delivered(1, 0, now)
			}
		}
	}
	return all
}

// randomMarks returns a mark at some record's end for each lane of the sender.
func randomMarks(random *rand.Rand, s *Sender, all []journaled) *State {
	st := &State{}
	for _, tg := range s.targets() {
		of := TargetState{ID: tg.id}
		for range tg.lanes {
			of.Lanes = append(of.Lanes, LaneState{Mark: all[random.IntN(len(all))].first - 1})
		}
		if random.IntN(8) > 0 { // else it was never stored
			st.Targets = append(st.Targets, of)
		}
	}
	return st
}

func (st *State) mark(target string, lane int) uint64 {
	for _, t := range st.Targets {
		if t.ID == target && lane < len(t.Lanes) {
			return t.Lanes[lane].Mark
		}
	}
	return 0
}

// owed returns what each lane of now has to get of the records, point by point.
func owed(then, now *Sender, st *State, all []journaled) map[string][]uint64 {
	wanted := map[string][]uint64{}
	old, c := then.clusters[0], now.clusters[0]
	for _, r := range all {
		for i, hash := range r.hashes {
			var got []string
			heirs := c.nodes[int(c.Slot(hash))/c.lanes]
			for a, from := range old.nodes[int(old.Slot(hash))/old.lanes] {
				if r.first <= st.mark(from.id, queue.LaneOf(hash, old.lanes)) {
					continue
				}
				to := heirs[a%len(heirs)]
				for _, h := range heirs {
					if h.address() == from.address() {
						to = h
					}
				}
				id := fmt.Sprint(to.id, "/", queue.LaneOf(hash, c.lanes))
				if !slices.Contains(got, id) {
					got = append(got, id)
					wanted[id] = append(wanted[id], r.first+uint64(i))
				}
			}
		}
	}
	return wanted
}

// randomSite returns some of a few nodes with some of a few addresses.
func randomSite(random *rand.Rand) relaySite {
	at := relaySite{lanes: 1 + random.IntN(3), hash: "crc32", replicas: 20 + random.IntN(2), nodes: map[string][]string{}}
	for len(at.nodes) == 0 {
		for n := range 4 {
			if random.IntN(2) == 0 {
				continue
			}
			addresses := []string{"x:1", "y:1", "z:1"}
			random.Shuffle(3, func(i, j int) { addresses[i], addresses[j] = addresses[j], addresses[i] })
			at.nodes[fmt.Sprint("node-", n)] = addresses[:1+random.IntN(3)]
		}
	}
	return at
}

// Each lane gets what the lane that it is, or whose place it has taken, is owed: every
// point above the mark, once, in order, and none below.
func TestReplayGivesEachLaneWhatItIsOwed(t *testing.T) {
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 1))
		then := randomSite(random)
		now := then
		if seed%3 > 0 {
			now = randomSite(random)
		}
		before, s := idleSender(t, then), idleSender(t, now)
		all := records(random, 12)
		st := randomMarks(random, before, all)
		want := owed(before, s, st, all)

		replay := s.Replay(st)
		replay.Route(before.Routing())
		for _, r := range all {
			r.put(s, replay)
		}
		var points uint64
		for _, tg := range s.Targets() {
			require.True(t, tg.Balanced())
			require.Equal(t, tg.Accepted, tg.Replayed)
			points += tg.Replayed
		}
		require.Equal(t, points, replay.Points())
		require.Equal(t, points > 0 && string(before.Routing()) != string(s.Routing()), replay.Moved(), "seed %d", seed)
		require.Equal(t, want, held(t, s), "seed %d", seed)
	}
}

// What changes between two processes, one thing at a time.
func TestReplayThroughAChangedRouting(t *testing.T) {
	two := map[string][]string{"node-0": {"x:1"}, "node-1": {"y:1"}}
	ring := relaySite{nodes: two, lanes: 1, hash: "crc32"}
	hashed := ring
	hashed.hash = "murmur3"
	hashed.nodes = map[string][]string{"node-0": {"x:1", "z:1"}, "node-1": {"y:1"}}
	for _, c := range []struct {
		what      string
		then, now relaySite
		most      int // copies of all 1000 points
		moved     bool
	}{
		{"nothing", ring, ring, 1000, false},
		{"enabled now", relaySite{absent: true}, ring, 0, false},
		{"disabled now", ring, relaySite{absent: true}, 0, false},
		{"another address comes", ring, relaySite{nodes: map[string][]string{"node-0": {"x:1", "z:1"}, "node-1": {"y:1"}}, lanes: 1, hash: "crc32"}, 1000, true},
		{"an address goes", relaySite{nodes: map[string][]string{"node-0": {"x:1", "z:1"}}, lanes: 1, hash: "crc32"}, relaySite{nodes: map[string][]string{"node-0": {"z:1"}}, lanes: 1, hash: "crc32"}, 1000, true},
		{"more lanes", ring, relaySite{nodes: two, lanes: 3, hash: "crc32"}, 1000, true},
		{"lanes of a group", relaySite{lanes: 2}, relaySite{lanes: 5}, 1000, true},
		{"another hash: all to all addresses", ring, hashed, -1, true},
	} {
		then, now := idleSender(t, c.then), idleSender(t, c.now)
		replay := now.Replay(&State{})
		replay.Route(then.Routing())
		r := journaled{first: 1}
		random := rand.New(rand.NewPCG(1, 1))
		for range 1000 {
			r.hashes = append(r.hashes, random.Uint32())
		}
		if !c.now.absent {
			r.put(now, replay)
		}
		got := 0
		for _, numbers := range held(t, now) {
			got += len(numbers)
		}
		if c.most < 0 {
			require.Greater(t, got, 1000, c.what)
			require.Less(t, got, 2000, c.what)
		} else {
			require.Equal(t, c.most, got, c.what)
		}
		require.Equal(t, c.moved, replay.Moved(), c.what)
	}
}

// With another hash nobody knows any more who was owed what: below the lowest mark
// nobody is owed anything, above it all are.
func TestReplayThroughAnotherHash(t *testing.T) {
	at := relaySite{nodes: map[string][]string{"node-0": {"x:1"}, "node-1": {"y:1"}}, lanes: 1, hash: "crc32"}
	then := idleSender(t, at)
	at.hash = "murmur3"
	now := idleSender(t, at)
	all := records(rand.New(rand.NewPCG(1, 1)), 3)
	replay := now.Replay(&State{Targets: []TargetState{
		{ID: "peer/node-0/x:1", Lanes: []LaneState{{Mark: all[1].first - 1}}},
		{ID: "peer/node-1/y:1", Lanes: []LaneState{{Mark: all[2].first - 1}}},
	}})
	replay.Route(then.Routing())
	for _, r := range all {
		r.put(now, replay)
	}
	require.Equal(t, uint64(len(all[1].hashes)+len(all[2].hashes)), replay.Points())
}

// A routing that is lost or not understood is taken to be that of now: the marks say
// what is owed.
func TestReplayWithoutRouting(t *testing.T) {
	for _, text := range []string{
		"", "{", `{"backends":[{"name":"peer","lanes":0}]}`, `{"backends":[{"name":"peer","lanes":1,"nodes":[{"name":"a"}]}]}`,
		`{"backends":[{"name":"peer","lanes":1,"hash":"md5","nodes":[{"name":"a","addresses":["x:1"]}]}]}`,
		`{"backends":[{"name":"peer","lanes":1,"hash":"crc32","replicas":1000000000,"nodes":[{"name":"a","addresses":["x:1"]}]}]}`,
	} {
		now := idleSender(t, relaySite{nodes: map[string][]string{"node-0": {"x:1"}}, lanes: 1, hash: "crc32"})
		replay := now.Replay(&State{Targets: []TargetState{{ID: "peer/node-0/x:1", Lanes: []LaneState{{Mark: 2}}}}})
		if text != "" {
			replay.Route([]byte(text))
		}
		journaled{first: 1, hashes: []uint32{1, 2}}.put(now, replay)
		journaled{first: 3, hashes: []uint32{3, 4}}.put(now, replay)
		require.Equal(t, map[string][]uint64{"peer/node-0/x:1/0": {3, 4}}, held(t, now), text)
		require.False(t, replay.Moved())
	}
}

func TestReplayBeginsAtTheLowestMark(t *testing.T) {
	lanes := func(marks ...uint64) (all []LaneState) {
		for _, m := range marks {
			all = append(all, LaneState{Mark: m})
		}
		return all
	}
	s := idleSender(t, relaySite{lanes: 1})
	for _, c := range []struct {
		state *State
		from  uint64
	}{
		{nil, 0},
		{&State{}, 0},
		{&State{Targets: []TargetState{{ID: "gone", Former: true, Lanes: lanes(5)}}}, 0},
		{&State{Targets: []TargetState{{ID: "a", Lanes: lanes(7, 9)}, {ID: "b", Lanes: lanes(8)}}}, 8},
		{&State{Targets: []TargetState{{ID: "a", Lanes: lanes(7)}, {ID: "gone", Former: true, Lanes: lanes(5)}}}, 8},
		{&State{Targets: []TargetState{{ID: "a", Lanes: lanes(0)}}}, 1},
	} {
		require.Equal(t, c.from, s.Replay(c.state).From())
	}
}

// Once what was put is safe, the targets of the past are owed nothing of it.
func TestSettle(t *testing.T) {
	st := &State{Targets: []TargetState{{ID: "gone", Lanes: []LaneState{{Mark: 5}, {Mark: 50}}}, {ID: "peer", Lanes: []LaneState{{Mark: 3}}}}}
	s := idleSender(t, relaySite{lanes: 1})
	s.Replay(nil).Settle(10)
	s.Replay(st).Settle(20)
	require.Equal(t, []LaneState{{Mark: 20}, {Mark: 50}}, st.Targets[0].Lanes)
	require.Equal(t, []LaneState{{Mark: 3}}, st.Targets[1].Lanes, "this one speaks for itself")
}

// The routing is the same for the same site, and for no other.
func TestRouting(t *testing.T) {
	at := relaySite{nodes: map[string][]string{"node-0": {"x:1", "y:1"}, "node-1": {"z:1"}}, lanes: 2, hash: "crc32"}
	text := string(idleSender(t, at).Routing())
	require.Equal(t, `{"backends":[{"name":"peer","lanes":2,"hash":"crc32","replicas":500,"nodes":[`+
		`{"name":"node-0","addresses":["x:1","y:1"]},{"name":"node-1","addresses":["z:1"]}]}]}`, text)
	require.Equal(t, text, string(idleSender(t, at).Routing()))
	require.Equal(t, `{"backends":[{"name":"peer","lanes":2}]}`, string(idleSender(t, relaySite{lanes: 2}).Routing()))
	other := at
	other.replicas = 501
	require.NotEqual(t, text, string(idleSender(t, other).Routing()))
	other = at
	other.nodes = map[string][]string{"node-0": {"y:1", "x:1"}, "node-1": {"z:1"}}
	require.NotEqual(t, text, string(idleSender(t, other).Routing()), "an address' place matters")
}

// FuzzRoute: whatever stands in the journal as a routing, replay goes on, and each
// target gets a point once at most.
func FuzzRoute(f *testing.F) {
	at := relaySite{nodes: map[string][]string{"node-0": {"x:1", "y:1"}, "node-1": {"z:1"}}, lanes: 2, hash: "crc32", replicas: 10}
	f.Add(idleSender(f, at).Routing())
	f.Add(idleSender(f, relaySite{lanes: 3}).Routing())
	f.Add([]byte(`{"backends":[{"name":"peer","lanes":1,"hash":"murmur3","nodes":[{"name":"","addresses":["a","a"]}]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<10 {
			return // many large rings take long to build
		}
		s := idleSender(t, at)
		replay := s.Replay(nil)
		replay.Route(text)
		journaled{first: 1, hashes: []uint32{1, 1 << 20, 1 << 30, 3 << 30}}.put(s, replay)
		for lane, numbers := range held(t, s) {
			require.True(t, slices.IsSorted(numbers), lane)
			require.Equal(t, len(numbers), len(slices.Compact(slices.Clone(numbers))), lane)
		}
	})
}
