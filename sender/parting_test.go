package sender

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/sender/queue"
)

// numberedBlock returns a Block of points whose items are their numbers.
func numberedBlock(from, to int) *queue.Block {
	b := &queue.Block{First: uint64(from), Last: uint64(to)}
	for n := from; n < to; n++ {
		b.Payload = fmt.Appendf(b.Payload, "%d;", n)
		b.Close(uint32(n))
	}
	return b
}

// sendParts sends all parts to a backend that refuses Blocks with a bad point, and returns
// what it took, in order, and the calls that it took.
func sendParts(p *parting, bad func(hash uint32) bool) (taken []uint32, calls int) {
	for b := p.next(); b != nil; b = p.next() {
		calls++
		refused := false
		for i, item := range b.Items {
			if fmt.Sprintf("%d;", item.Hash) != string(b.Item(i)) {
				panic("an item got another one's hash")
			}
			refused = refused || bad(item.Hash)
		}
		if refused {
			p.refused("bad")
			continue
		}
		p.took()
		for _, item := range b.Items {
			taken = append(taken, item.Hash)
		}
	}
	return taken, calls
}

func guilty(p *parting) (all []uint32) {
	_ = p.bury(func(b *queue.Block, item int, _ string) error {
		all = append(all, b.Items[item].Hash)
		return nil
	})
	return all
}

func TestOnlyTheGuiltyAreLeft(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3, 4, 5} {
		random := rand.New(rand.NewPCG(seed, 0))
		wanted := map[uint32]bool{}
		for range random.IntN(6) {
			wanted[random.Uint32N(300)] = true
		}
		p := &parting{}
		p.add(numberedBlock(0, 200))
		p.add(numberedBlock(200, 300))
		taken, calls := sendParts(p, func(h uint32) bool { return wanted[h] })
		require.IsIncreasing(t, slices.Sorted(slices.Values(taken)))
		require.Len(t, taken, 300-len(wanted))
		require.Len(t, guilty(p), len(wanted))
		for _, h := range guilty(p) {
			require.True(t, wanted[h])
		}
		require.LessOrEqual(t, calls, 2+len(wanted)*(2*8+1))
		p.end()
		require.False(t, p.under())
	}
}

// An address that recovers in the midst of it gets the points that it refused before.
func TestAddressRecoversWhileItJudges(t *testing.T) {
	p := &parting{}
	p.add(numberedBlock(0, 8))
	calls := 0
	taken, _ := sendParts(p, func(uint32) bool { calls++; return calls < 6 })
	require.Len(t, taken, 8)
	require.Empty(t, guilty(p))
}

// An address that takes nothing is at fault itself: nothing is guilty, and all of it is
// sent again.
func TestAddressAtFault(t *testing.T) {
	p := &parting{}
	p.add(numberedBlock(0, 7))
	taken, _ := sendParts(p, func(uint32) bool { return true })
	require.Empty(t, taken)
	require.Empty(t, guilty(p))
	require.False(t, p.lacksCompany())
	p.again()
	taken, _ = sendParts(p, func(h uint32) bool { return h == 3 })
	require.Equal(t, []uint32{0, 1, 2, 4, 5, 6}, taken)
	require.Equal(t, []uint32{3}, guilty(p))
}

// A single point is judged by the company of the next Block.
func TestLonelyPointWaitsForCompany(t *testing.T) {
	p := &parting{}
	p.add(numberedBlock(5, 6))
	bad := func(h uint32) bool { return h == 5 }
	sendParts(p, bad)
	require.True(t, p.lacksCompany())
	require.Empty(t, guilty(p))
	p.add(numberedBlock(6, 9))
	taken, _ := sendParts(p, bad)
	require.Equal(t, []uint32{6, 7, 8}, taken)
	require.Equal(t, []uint32{5}, guilty(p))
}

// What another address took says nothing of this one.
func TestAnotherAddressJudgesAnew(t *testing.T) {
	p := &parting{}
	p.add(numberedBlock(0, 4))
	p.next()
	p.refused("bad")
	p.next()
	p.took() // 0, 1
	p.again()
	taken, _ := sendParts(p, func(uint32) bool { return true })
	require.Empty(t, taken)
	require.Empty(t, guilty(p), "this address has taken none of them")
}

// P4 while an address comes round in the midst of a judgement: what is taken of a series
// is taken in order, whatever is refused before and for good.
func TestJudgementKeepsTheOrder(t *testing.T) {
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 0))
		series, ill := 1+random.IntN(9), random.IntN(60)
		bad := map[int]bool{}
		for range random.IntN(4) {
			bad[random.IntN(100)] = true
		}
		p, calls, newest := &parting{}, 0, make([]int, series)
		points := 0
		for again := true; again; again = p.lacksCompany() {
			size := 1 + random.IntN(20)
			p.add(blockOfSeries(points, points+size, func() uint32 { return uint32(random.IntN(series)) }))
			points += size
			for b := p.next(); b != nil; b = p.next() {
				calls++
				if calls <= ill || holds(b, bad) {
					p.refused("bad")
					continue
				}
				p.took()
				for i, item := range b.Items {
					number := numberOf(b, i)
					require.GreaterOrEqual(t, number, newest[item.Hash], "seed %d: it comes behind a newer one", seed)
					newest[item.Hash] = number
				}
			}
		}
		if !p.taken {
			require.Empty(t, guilty(p))
			continue
		}
		require.False(t, p.isOpen(), "seed %d", seed)
		_ = p.bury(func(b *queue.Block, item int, _ string) error {
			require.True(t, bad[numberOf(b, item)], "seed %d: it is not to blame", seed)
			return nil
		})
	}
}

// blockOfSeries returns a Block of points whose items are their numbers.
func blockOfSeries(from, to int, series func() uint32) *queue.Block {
	b := &queue.Block{First: uint64(from), Last: uint64(to)}
	for n := from; n < to; n++ {
		b.Payload = strconv.AppendInt(b.Payload, int64(n), 10)
		b.Close(series())
	}
	return b
}

func numberOf(b *queue.Block, i int) int {
	n, err := strconv.Atoi(string(b.Item(i)))
	if err != nil {
		panic(err)
	}
	return n
}

func holds(b *queue.Block, bad map[int]bool) bool {
	for i := range b.Items {
		if bad[numberOf(b, i)] {
			return true
		}
	}
	return false
}

// A connection may break for any reason: a single point has to cost many.
func TestOneLossIsNoRefusal(t *testing.T) {
	p := &parting{}
	p.add(numberedBlock(0, 2))
	p.refused("it costs the connection")
	for range deadlyLosses - 1 {
		require.Equal(t, "0;", string(p.next().Item(0)))
		p.lost()
	}
	require.Equal(t, "0;", string(p.next().Item(0)))
	p.lost()
	require.Equal(t, "1;", string(p.next().Item(0)), "it is suspect")
	p.took()
	require.Equal(t, "0;", string(p.next().Item(0)))
	p.lost()
	require.Equal(t, "0;", string(p.next().Item(0)), "its losses count anew")
	p.took()
	require.Empty(t, guilty(p))
}
