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
)

// moveSeries is how many series there are.
const moveSeries = 40

// What an address has left goes to the one in its place, before what comes there; series
// of which nothing was left do not wait. So at a start, and while the relay runs.
func TestMoveToTheAddressInItsPlace(t *testing.T) {
	defer goleak.VerifyNone(t)
	for _, live := range []bool{false, true} {
		t.Run(fmt.Sprint("live ", live), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { moveToPlace(t, live) })
		})
	}
}

func moveToPlace(t *testing.T, live bool) {
	b := newMoveBed(t, map[string][]string{"n0": {"a:1"}, "n1": {"b:1"}})
	b.site.set(true, "a:1", "b:1", "c:1")
	b.start(t)
	for range 20 {
		b.put(upTo(moveSeries)...)
	}
	time.Sleep(10 * time.Second)
	b.nodes["n0"] = []string{"c:1"}
	b.site.set(false, "b:1")
	if live {
		b.apply(t)
	} else {
		b.stop(t, false)
		b.start(t)
	}
	require.Len(t, b.sender.leaving(), 1)
	b.put(upTo(moveSeries)...)
	time.Sleep(8 * time.Second)
	b.keep(t)
	atB := 0
	for series := range moveSeries {
		if n := len(b.site.arrived("b:1", series)); n > 0 {
			require.Equal(t, 21, n, "they wait for nobody")
			atB++
		}
	}
	require.NotZero(t, atB)
	require.Less(t, atB, moveSeries)

	b.site.set(false, "c:1")
	time.Sleep(time.Minute)
	b.put(upTo(moveSeries)...)
	time.Sleep(10 * time.Second)
	require.True(t, b.drained())
	b.settle(t)
	b.verify(t)
	require.Empty(t, b.sender.leaving(), "it is gone")
	for _, target := range b.sender.State(b.last).Targets {
		moved := uint64(21 * (moveSeries - atB)) // one of them came while the others waited
		switch target.ID {
		case "graph/n0/a:1":
			require.Equal(t, moved, target.Ledger.MovedOut)
			require.True(t, target.IsPast())
		case "graph/n0/c:1":
			require.Equal(t, moved, target.Ledger.MovedIn)
		}
	}
	b.stop(t, false)
	b.start(t)
	require.Empty(t, b.sender.leaving(), "nothing is left to be moved")
	b.put(upTo(moveSeries)...)
	time.Sleep(time.Second)
	b.verify(t)
	b.stop(t, false)
}

// Relays one after another, and changes while they run, with rings that change while
// backends are away: nothing is lost, first arrivals keep their order, and the ledgers
// balance.
func TestMovesUnderRandomChanges(t *testing.T) {
	defer goleak.VerifyNone(t)
	seed := uint64(time.Now().UnixNano())
	for run := range uint64(60) {
		t.Run(fmt.Sprintf("seed %d-%d", seed, run), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { moveAtRandom(t, rand.New(rand.NewPCG(seed, run))) })
		})
	}
}

func moveAtRandom(t *testing.T, random *rand.Rand) {
	b := newMoveBed(t, map[string][]string{})
	b.section.Lanes = 1 + random.IntN(2)
	if random.IntN(2) == 0 {
		b.rules.Settle = 10 * time.Millisecond
	}
	full := random.IntN(3) == 0
	b.full = full
	kills := random.IntN(2) == 0
	fresh := 0
	address := func() string { fresh++; return fmt.Sprintf("a%d:1", fresh) }
	// Of nodes with several addresses each has as many, but in some runs: there the
	// second copies of points that have no place of their own come when they come.
	b.mixed = random.IntN(4) == 0
	wide := random.IntN(2) == 0
	for n := range 3 + random.IntN(3) {
		node := []string{address()}
		if b.mixed && random.IntN(3) == 0 || !b.mixed && wide {
			node = append(node, address())
		}
		b.nodes[fmt.Sprintf("n%d", n)] = node
	}
	t.Logf("lanes %d, settle %s, full %t, kills %t", b.section.Lanes, b.rules.Settle, full, kills)
	lives := 2 + random.IntN(4)
	for life := range lives {
		for _, a := range b.addresses() {
			b.site.set(random.IntN(3) > 0, a)
		}
		b.start(t)
		if random.IntN(4) == 0 && life < lives-1 { // it ends in the midst of a move
			b.stop(t, kills && random.IntN(2) == 0)
			b.change(random, address)
			continue
		}
		for range 5 + random.IntN(40) {
			b.put(random.Perm(moveSeries)[:1+random.IntN(moveSeries)]...)
			time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
			if random.IntN(20) == 0 {
				time.Sleep(7 * time.Second)
			}
			b.disk.full.Store(full && random.IntN(4) == 0)
			if random.IntN(2) == 0 {
				b.keep(t)
			}
			if all := b.addresses(); random.IntN(10) == 0 {
				b.site.set(random.IntN(3) > 0, all[random.IntN(len(all))])
			}
			if random.IntN(10) == 0 {
				b.change(random, address)
				b.apply(t)
			}
		}
		if life == lives-1 {
			break
		}
		b.stop(t, kills && random.IntN(2) == 0)
		b.disk.full.Store(false)
		b.change(random, address)
	}
	b.disk.full.Store(false)
	b.site.set(false, b.addresses()...)
	for !b.drained() {
		time.Sleep(time.Second)
	}
	b.put(upTo(moveSeries)...)
	time.Sleep(5 * time.Second)
	b.settle(t)
	require.True(t, b.drained())
	require.Empty(t, b.sender.leaving())
	b.verify(t)
	b.stop(t, false)
}

// change takes nodes out of the ring, but for one, or puts addresses in the place of
// others: so series move only away from what is there no more.
func (b *moveBed) change(random *rand.Rand, address func() string) {
	for _, name := range slices.Sorted(maps.Keys(b.nodes)) {
		switch random.IntN(4) {
		case 0:
			if len(b.nodes) > 1 {
				delete(b.nodes, name)
			}
		case 1:
			node := slices.Clone(b.nodes[name])
			node[random.IntN(len(node))] = address()
			b.nodes[name] = node
		}
	}
}
