package sender

import (
	"slices"

	"transfer/sender/queue"
)

// parting finds the points of refused Blocks that are to blame (promise P12): what is
// refused is sent again in halves, in order, until single points are left. Such a
// point is guilty only if the address took another part of what was sent with it;
// if it takes nothing at all, the address is at fault.
//
// Until the address has taken something, it may be that it takes nothing for the moment.
// Then it gets all that it refused once more as soon as it is well, and no series may have
// come out of order: so what is of the series of a refused point waits behind it, and
// other points have to tell whether the address takes any.
type parting struct {
	blocks    []*queue.Block      // in flight, oldest first
	prints    []print             // of the Blocks, which may be given back and taken again
	parts     []part              // of all their points, in order, without gaps
	at        int                 // index of the part under way
	taken     bool                // the address has taken a part
	behind    map[uint32]struct{} // hashes of the series of the suspects, until a part is taken
	overtakes bool                // nothing waits behind them
	view      queue.Block         // of the part under way, as a Block of its own
}

// mostBlocks is how many Blocks are judged together at most.
const mostBlocks = 5

// part is a run of points of one Block.
type part struct {
	block, from, to int // to: behind the last
	state           partState
	losses          int    // connections that it cost, if it is a single point
	reason          string // why it was refused, if it is suspect
}

type partState uint8

const (
	partWaits   partState = iota
	partTaken             // by the backend
	partSuspect           // a single point that was refused
	partBuried            // a suspect that was found guilty and is kept as a dead letter
)

// add takes another Block into the judgement, behind the others.
func (p *parting) add(b *queue.Block) {
	p.blocks, p.prints = append(p.blocks, b), append(p.prints, printOf(b))
	p.parts = append(p.parts, part{block: len(p.blocks) - 1, to: b.Len()})
}

// seat makes b the i-th Block: one that was given back and taken again, or a new one.
func (p *parting) seat(i int, b *queue.Block) {
	if i == len(p.blocks) {
		p.add(b)
	}
	p.blocks[i] = b
}

// under reports whether Blocks are being judged.
func (p *parting) under() bool { return len(p.blocks) > 0 }

// next returns the part to be sent as a Block, which is good until the next call, nil
// when nothing is to be sent.
func (p *parting) next() *queue.Block {
	i := p.free()
	if i < 0 {
		return nil
	}
	p.at = i
	part := &p.parts[i]
	p.view.Reset()
	p.view.Cover(p.blocks[part.block])
	for item := part.from; item < part.to; item++ {
		p.view.Take(p.blocks[part.block], item)
	}
	return &p.view
}

// free returns the index of the first part that may be sent, -1 for none. Of a part in
// which some points wait behind a refused one, the first that don't become a part.
func (p *parting) free() int {
	for i := range p.parts {
		if p.parts[i].state != partWaits {
			continue
		}
		if from, to := p.run(p.parts[i]); from < to {
			return p.cut(i, from, to)
		}
	}
	return -1
}

// run returns the first points of the part that wait behind no refused one.
func (p *parting) run(of part) (from, to int) {
	if len(p.behind) == 0 || p.overtakes {
		return of.from, of.to
	}
	items := p.blocks[of.block].Items
	for from = of.from; from < of.to && p.waits(items[from].Hash); from++ {
	}
	for to = from; to < of.to && !p.waits(items[to].Hash); to++ {
	}
	return from, to
}

func (p *parting) waits(series uint32) bool {
	_, waits := p.behind[series]
	return waits
}

// cut makes the points of the i-th part between from and to a part of their own, and
// returns its index.
func (p *parting) cut(i, from, to int) int {
	whole := p.parts[i]
	if from == whole.from && to == whole.to {
		return i
	}
	if to < whole.to {
		p.parts = slices.Insert(p.parts, i+1, part{block: whole.block, from: to, to: whole.to})
	}
	p.parts[i] = part{block: whole.block, from: from, to: to}
	if from > whole.from {
		p.parts = slices.Insert(p.parts, i, part{block: whole.block, from: whole.from, to: from})
		i++
	}
	return i
}

// sent notes that the part that next returned is sent, and reports whether its points
// were sent before.
func (p *parting) sent() (again bool) {
	b := p.blocks[p.parts[p.at].block]
	again, b.Sent = b.Sent, true
	return again
}

// took notes that the backend took the part that next returned. After the first one the
// suspects are sent again: until then the address may have refused whatever came.
func (p *parting) took() {
	p.parts[p.at].state = partTaken
	if !p.taken {
		p.again()
		p.taken = true
	}
}

// refused notes that the backend refused the part that next returned, or the only one
// before next was called, for good and for this reason.
func (p *parting) refused(reason string) {
	whole := p.parts[p.at]
	if !whole.isPoint() {
		p.cut(p.at, whole.from, (whole.from+whole.to)/2)
		return
	}
	p.parts[p.at].state, p.parts[p.at].reason = partSuspect, reason
	if p.taken {
		return
	}
	if p.behind == nil {
		p.behind = map[uint32]struct{}{}
	}
	p.behind[p.blocks[whole.block].Items[whole.from].Hash] = struct{}{}
}

// lost notes that the connection broke when the part that next returned was sent. That
// may happen to any part, so a single point has to cost many until it counts as refused.
func (p *parting) lost() {
	part := &p.parts[p.at]
	part.losses++
	if part.isPoint() && part.losses < deadlyLosses {
		return
	}
	p.refused("the connection breaks whenever it is sent")
}

func (p part) isPoint() bool { return p.to-p.from == 1 }

// isWhole reports whether nothing has been parted or sent yet.
func (p *parting) isWhole() bool { return len(p.parts) == 1 && p.parts[0].state == partWaits }

// lacksCompany reports, once next has returned nil, whether what is at hand cannot tell
// the point from the address, and another Block may.
func (p *parting) lacksCompany() bool {
	return (p.isLonely() || p.isHeldUp()) && len(p.blocks) < mostBlocks
}

// isLonely reports whether a single refused point is all there is.
func (p *parting) isLonely() bool {
	return len(p.parts) == 1 && p.parts[0].state == partSuspect
}

// isHeldUp reports, once next has returned nil, whether there are points that wait behind
// a refused one.
func (p *parting) isHeldUp() bool { return len(p.behind) > 0 && p.isOpen() }

// isOpen reports whether a part waits to be sent.
func (p *parting) isOpen() bool {
	return slices.ContainsFunc(p.parts, func(part part) bool { return part.state == partWaits })
}

// again begins anew with what the backend has not taken: it was the address that was
// at fault, or may have been, or another one is asked.
func (p *parting) again() {
	for i := range p.parts {
		if p.parts[i].state == partSuspect {
			p.parts[i].state, p.parts[i].losses = partWaits, 0
		}
	}
	clear(p.behind)
	p.taken = false
}

// bury calls keep for each point that was refused while others were taken, with its
// Block, its place in it, and the reason, until that fails: the next call goes on with
// that point. It calls it for none unless all parts have been sent.
func (p *parting) bury(keep func(b *queue.Block, item int, reason string) error) error {
	if !p.taken || p.isOpen() {
		return nil
	}
	for i := range p.parts {
		part := &p.parts[i]
		if part.state != partSuspect {
			continue
		}
		if err := keep(p.blocks[part.block], part.from, part.reason); err != nil {
			return err
		}
		part.state = partBuried
	}
	return nil
}

// buried returns how many points were kept.
func (p *parting) buried() (points int) {
	for _, part := range p.parts {
		if part.state == partBuried {
			points++
		}
	}
	return points
}

// end forgets the Blocks.
func (p *parting) end() {
	clear(p.blocks)
	clear(p.behind)
	p.blocks, p.prints, p.parts = p.blocks[:0], p.prints[:0], p.parts[:0]
	p.at, p.taken, p.overtakes = 0, false, false
}
