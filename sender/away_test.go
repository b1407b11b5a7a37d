package sender

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"transfer/g/stat"
)

// newAwayBed returns a bed whose nodes stand in for each other.
func newAwayBed(t *testing.T, nodes map[string][]string) *moveBed {
	b := newMoveBed(t, nodes)
	b.section.OnDown, b.section.ProbeInterval, b.section.EjectAfter = "failover", 5*time.Second, 3
	return b
}

// rows returns the rows of the targets by id.
func (b *moveBed) rows() map[string]stat.Target {
	rows := make(map[string]stat.Target)
	for _, row := range b.sender.Targets() {
		rows[row.ID] = row
	}
	return rows
}

// While a node is away its backlog waits for it, and new points go to the other nodes.
// When it has been good for long it gets them again.
func TestOthersStandInForANodeThatIsAway(t *testing.T) {
	defer goleak.VerifyNone(t)
	synctest.Test(t, func(t *testing.T) {
		b := newAwayBed(t, map[string][]string{"n0": {"a:1"}, "n1": {"b:1"}, "n2": {"c:1"}})
		b.start(t)
		before := b.sender.Clusters()[0]
		b.put(upTo(moveSeries)...)
		time.Sleep(time.Second)
		var at []int // those of n0
		for series := range moveSeries {
			if len(b.site.arrived("a:1", series)) > 0 {
				at = append(at, series)
			}
		}
		require.NotEmpty(t, at)
		require.Less(t, len(at), moveSeries)

		b.site.set(true, "a:1")
		b.put(at...) // 2, the backlog
		time.Sleep(20 * time.Second)
		require.Equal(t, stat.StateDown, b.rows()["graph/n0/a:1"].State)
		b.put(at...) // 3, while others stand in
		time.Sleep(time.Second)
		standIns := map[string]int{}
		for _, series := range at {
			require.Equal(t, []int{1}, b.site.arrived("a:1", series))
			for _, a := range []string{"b:1", "c:1"} {
				if got := b.site.arrived(a, series); len(got) > 0 {
					require.Equal(t, []int{3}, got)
					standIns[a]++
				}
			}
		}
		require.Len(t, standIns, 2, "each series goes to its own next node")
		require.Equal(t, len(at), standIns["b:1"]+standIns["c:1"])
		require.Equal(t, "n0", b.rows()["graph/n0@n1/b:1"].StandsInFor)
		require.Equal(t, uint64(standIns["b:1"]), b.rows()["graph/n0@n1/b:1"].Delivered)
		require.Equal(t, uint64(len(at)), b.rows()["graph/n0/a:1"].Queued)
		require.Same(t, before, b.sender.Clusters()[0])

		b.site.set(false, "a:1")
		time.Sleep(20 * time.Second)
		b.put(at...) // 4, it is not trusted yet
		time.Sleep(40 * time.Second)
		b.settle(t)
		require.Empty(t, b.sender.leaving())
		b.put(at...) // 5
		time.Sleep(time.Second)
		for _, series := range at {
			require.Equal(t, []int{1, 2, 5}, b.site.arrived("a:1", series))
		}
		b.verify(t)
		b.stop(t, false)
	})
}

// What waits at a stand-in that went down too goes to the node when that is back, ahead
// of new points; so it is after a restart.
func TestWhatAStandInHasLeftGoesBack(t *testing.T) {
	defer goleak.VerifyNone(t)
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprint("restart ", restart), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { standInGoesBack(t, restart) })
		})
	}
}

func standInGoesBack(t *testing.T, restart bool) {
	b := newAwayBed(t, map[string][]string{"n0": {"a:1"}, "n1": {"b:1"}})
	b.site.set(true, "a:1")
	b.start(t)
	b.put(upTo(moveSeries)...)
	time.Sleep(20 * time.Second)
	b.site.set(true, "b:1")
	for range 10 {
		b.put(upTo(moveSeries)...)
		time.Sleep(time.Second)
	}
	time.Sleep(10 * time.Second)
	held := b.rows()["graph/n0@n1/b:1"].Queued
	require.NotZero(t, held)
	b.keep(t)
	b.site.set(false, "a:1")
	if restart {
		b.stop(t, false)
		b.start(t)
	}
	for range 60 {
		b.put(upTo(moveSeries)...)
		b.keep(t)
		time.Sleep(time.Second)
	}
	b.keep(t)
	require.Empty(t, b.sender.leaving())
	row := b.rows()["graph/n0@n1/b:1"]
	require.Equal(t, stat.StateGone, row.State)
	require.GreaterOrEqual(t, row.MovedOut, held, "and what came until the node was trusted again")
	b.site.set(false, "b:1")
	for !b.drained() {
		time.Sleep(time.Second)
	}
	b.verify(t)
	b.stop(t, false)
}

// Nodes go and come back at random, while relays follow each other and their
// configuration changes: nothing is lost, first arrivals keep their order at each
// address, and the ledgers balance.
func TestStandInsUnderRandomFailures(t *testing.T) {
	defer goleak.VerifyNone(t)
	seed := uint64(time.Now().UnixNano())
	for run := range uint64(60) {
		t.Run(fmt.Sprintf("seed %d-%d", seed, run), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { failAtRandom(t, rand.New(rand.NewPCG(seed, run))) })
		})
	}
}

func failAtRandom(t *testing.T, random *rand.Rand) {
	b := newAwayBed(t, map[string][]string{})
	b.section.Lanes = 1 + random.IntN(2)
	kills := random.IntN(2) == 0
	if b.mixed = random.IntN(3) == 0; b.mixed {
		b.section.Handoff = time.Duration(random.IntN(3)) * time.Minute
	}
	fresh := 0
	address := func() string { fresh++; return fmt.Sprintf("a%d:1", fresh) }
	two := random.IntN(3) == 0
	for n := range 2 + random.IntN(4) {
		node := []string{address()}
		if two {
			node = append(node, address())
		}
		b.nodes[fmt.Sprintf("n%d", n)] = node
	}
	t.Logf("lanes %d, nodes %d, two %t, kills %t, mixed %t", b.section.Lanes, len(b.nodes), two, kills, b.mixed)
	lives := 1 + random.IntN(3)
	stoodIn := 0
	for life := range lives {
		b.start(t)
		for range 20 + random.IntN(60) {
			b.put(random.Perm(moveSeries)[:1+random.IntN(moveSeries)]...)
			time.Sleep(time.Duration(random.IntN(500)) * time.Millisecond)
			if random.IntN(3) == 0 {
				time.Sleep(time.Duration(random.IntN(25)) * time.Second)
			}
			if random.IntN(2) == 0 {
				b.keep(t)
			}
			if all := b.addresses(); random.IntN(4) == 0 {
				b.site.set(random.IntN(2) == 0, all[random.IntN(len(all))])
			}
			switch random.IntN(40) {
			case 0:
				b.changeAway(random, address)
				b.apply(t)
			case 1:
				b.section.Batch++
				b.apply(t)
			case 2:
				if b.mixed {
					b.nodes[fmt.Sprint("m", len(b.nodes), life)] = []string{address()}
					b.apply(t)
				}
			}
			if len(b.sender.Clusters()[0].standIns()) > 0 {
				stoodIn++
			}
		}
		if life == lives-1 {
			break
		}
		b.stop(t, kills && random.IntN(2) == 0)
		if random.IntN(3) == 0 {
			b.changeAway(random, address)
		}
	}
	b.site.set(false, b.addresses()...)
	time.Sleep(time.Minute)
	for !b.drained() {
		time.Sleep(time.Second)
	}
	b.put(upTo(moveSeries)...)
	time.Sleep(40 * time.Second)
	for range 3 {
		b.keep(t)
		time.Sleep(time.Second)
	}
	require.True(t, b.drained())
	require.Empty(t, b.sender.leaving())
	require.Empty(t, b.sender.Clusters()[0].standIns())
	t.Logf("others stood in %d times", stoodIn)
	b.verify(t)
	b.stop(t, false)
}

// changeAway is change, which takes nodes out of the ring only while nothing waits for
// them, unless the bed is mixed.
func (b *moveBed) changeAway(random *rand.Rand, address func() string) {
	if b.mixed {
		b.change(random, address)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(b.nodes)) {
		waits := slices.ContainsFunc(b.sender.Targets(), func(row stat.Target) bool {
			return (row.Node == name || row.StandsInFor == name) && (row.Queued > 0 || row.State != stat.StateUp && row.State != stat.StateGone)
		})
		switch random.IntN(4) {
		case 0:
			if len(b.nodes) > 1 && !waits {
				delete(b.nodes, name)
			}
		case 1:
			node := slices.Clone(b.nodes[name])
			node[random.IntN(len(node))] = address()
			b.nodes[name] = node
		}
	}
}
