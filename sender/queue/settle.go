package queue

import "time"

// settle keeps apart the Blocks that share a series, for a backend that answers a
// call before it has applied it: such a Block may go no sooner than pause after
// the reply to the other one.
//
// It remembers the series of what was answered in two generations that change
// places every pause, so that a series is held for at least one pause and at most
// two. A series is a bit chosen by its hash; a false conflict costs a short wait.
type settle struct {
	pause     time.Duration // 0: never waits
	young     generation    // answered since turned
	old       generation    // answered in the pause before
	turned    time.Time     // when young began
	lastReply time.Time
}

// wait returns how long b must still wait at now; 0: it may go.
func (s *settle) wait(b *Block, now time.Time) time.Duration {
	if s.pause == 0 {
		return 0
	}
	s.turn(now)
	if s.young.shares(b) {
		return s.lastReply.Add(s.pause).Sub(now)
	}
	if s.old.shares(b) {
		return s.turned.Add(s.pause).Sub(now)
	}
	return 0
}

// replied notes that b was answered at now.
func (s *settle) replied(b *Block, now time.Time) {
	if s.pause == 0 {
		return
	}
	s.turn(now)
	s.young.add(b)
	s.lastReply = now
}

// turn forgets what was answered more than a pause ago.
func (s *settle) turn(now time.Time) {
	if now.Sub(s.lastReply) >= s.pause {
		s.young.clear()
		s.old.clear()
		s.turned = now
		return
	}
	if now.Sub(s.turned) >= s.pause {
		s.old.clear()
		s.young, s.old = s.old, s.young
		s.turned = now
	}
}

// generationBits is the number of bits that series are told apart by.
const generationBits = 1 << 20

// generation is a set of series. The bits are allocated with the first one.
type generation struct {
	bits   []uint64
	hashes []uint32 // what was added: clearing them is cheaper than clearing all bits
}

func (g *generation) shares(b *Block) bool {
	if len(g.hashes) == 0 {
		return false
	}
	for _, item := range b.Items {
		if i := item.Hash % generationBits; g.bits[i/64]&(1<<(i%64)) != 0 {
			return true
		}
	}
	return false
}

func (g *generation) add(b *Block) {
	if g.bits == nil {
		g.bits = make([]uint64, generationBits/64)
	}
	for _, item := range b.Items {
		i := item.Hash % generationBits
		g.bits[i/64] |= 1 << (i % 64)
		g.hashes = append(g.hashes, item.Hash)
	}
}

func (g *generation) clear() {
	if len(g.hashes) > len(g.bits)/8 {
		clear(g.bits)
	} else {
		for _, h := range g.hashes {
			g.bits[h%generationBits/64] = 0
		}
	}
	g.hashes = g.hashes[:0]
}
