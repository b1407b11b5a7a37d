package sender

import "transfer/sender/queue"

// parting finds the points of refused Blocks that are to blame (promise P12): what is
// refused is sent again in halves, in order, until single points are left. Such a
// point is guilty only if the address took another part of what was sent with it;
// if it takes nothing at all, the address is at fault.
type parting struct {
	blocks []*queue.Block // in flight, oldest first
	parts  []part         // of all their points, in order, without gaps
	taken  bool           // the address has taken a part
	view   queue.Block    // of the part under way, as a Block of its own
}

// part is a run of points of one Block.
type part struct {
	block, from, to int // to: behind the last
	state           partState
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
	p.blocks = append(p.blocks, b)
	p.parts = append(p.parts, part{block: len(p.blocks) - 1, to: b.Len()})
}

// under reports whether Blocks are being judged.
func (p *parting) under() bool { return len(p.blocks) > 0 }

// next returns the part to be sent as a Block, which is good until the next call, nil
// when all have been.
func (p *parting) next() *queue.Block {
	i := p.waiting()
	if i < 0 {
		return nil
	}
	part := &p.parts[i]
	p.view.Reset()
	p.view.Cover(p.blocks[part.block])
	for item := part.from; item < part.to; item++ {
		p.view.Take(p.blocks[part.block], item)
	}
	return &p.view
}

// sent notes that the part that next returned is sent, and reports whether its points
// were sent before.
func (p *parting) sent() (again bool) {
	b := p.blocks[p.parts[p.waiting()].block]
	again, b.Sent = b.Sent, true
	return again
}

// waiting returns the index of the part to be sent next, -1 for none.
func (p *parting) waiting() int {
	for i := range p.parts {
		if p.parts[i].state == partWaits {
			return i
		}
	}
	return -1
}

// took notes that the backend took the part that next returned. After the first one the
// suspects are sent again: until then the address may have refused whatever came.
func (p *parting) took() {
	p.parts[p.waiting()].state = partTaken
	if !p.taken {
		p.again()
		p.taken = true
	}
}

// refused notes that the backend refused the part that next returned, for good and for
// this reason.
func (p *parting) refused(reason string) {
	i := p.waiting()
	whole := p.parts[i]
	if whole.to-whole.from == 1 {
		p.parts[i].state, p.parts[i].reason = partSuspect, reason
		return
	}
	middle := (whole.from + whole.to) / 2
	first, second := whole, whole
	first.to, second.from = middle, middle
	p.parts = append(p.parts[:i], append([]part{first, second}, p.parts[i+1:]...)...)
}

// isWhole reports whether nothing has been parted or sent yet.
func (p *parting) isWhole() bool { return len(p.parts) == 1 && p.parts[0].state == partWaits }

// lonely reports whether a single refused point is all there is: another Block has to
// join it before it can be judged.
func (p *parting) lonely() bool {
	return len(p.parts) == 1 && p.parts[0].state == partSuspect
}

// again begins anew with what the backend has not taken: it was the address that was
// at fault, or may have been, or another one is asked.
func (p *parting) again() {
	for i := range p.parts {
		if p.parts[i].state == partSuspect {
			p.parts[i].state = partWaits
		}
	}
	p.taken = false
}

// bury calls keep for each point that was refused while others were taken, with its
// Block, its place in it, and the reason, until that fails: the next call goes on with
// that point. It calls it for none unless all parts have been sent.
func (p *parting) bury(keep func(b *queue.Block, item int, reason string) error) error {
	if !p.taken || p.waiting() >= 0 {
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
	p.blocks, p.parts, p.taken = p.blocks[:0], p.parts[:0], false
}
