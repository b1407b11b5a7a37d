package sender

import (
	"math"
	"slices"

	"transfer/sender/queue"
	"transfer/sender/ring"
)

// past is where a cluster's points went when they were accepted, and how much of them
// each lane of that time has had.
type past struct {
	now   *Cluster
	same  bool // the points would go to the same places now
	blind bool // another hash placed them, which items do not have any more

	ring   *ring.Ring // nil: a group
	lanes  int
	nodes  []nodeRouting
	marks  [][]uint64 // by slot, by address
	lowest uint64     // of all marks

	chosen  map[*queue.Lane][]int32 // of the Block that is put
	touched []*queue.Lane           // those of chosen that get some
}

// newPast returns what the routing and the marks say of the past of a cluster.
func newPast(c *Cluster, then backendRouting, marks map[string][]LaneState) (*past, error) {
	if err := then.check(); err != nil {
		return nil, err
	}
	p := &past{
		now: c, same: then.equal(c.routing()),
		ring: c.ring, lanes: then.Lanes, nodes: then.places(), lowest: math.MaxUint64,
		chosen: make(map[*queue.Lane][]int32),
	}
	if !p.same { // a ring of many nodes takes a second to build
		var err error
		if p.ring, err = then.ring(); err != nil {
			return nil, err
		}
	}
	p.blind = c.ring != nil && p.ring != nil && p.ring.Hash() != c.hash
	for _, n := range p.nodes {
		for lane := range p.lanes {
			var slot []uint64
			for _, address := range n.Addresses {
				var mark uint64 // a target without a mark has had nothing
				if states := marks[targetID(then.Name, n.Name, address)]; lane < len(states) {
					mark = states[lane].Mark
				}
				slot = append(slot, mark)
				p.lowest = min(p.lowest, mark)
			}
			p.marks = append(p.marks, slot)
		}
	}
	return p, nil
}

// put gives each lane what of the Block's items it is owed, each target an item once,
// and returns how many points that were, in all copies, and whether some may have gone
// elsewhere than to the lane that was to have them. slots are those of now.
func (p *past) put(b *queue.Block, slots []int32) (points int, moved bool) {
	switch {
	case b.Last <= p.lowest:
		return 0, false
	case p.same || p.blind:
		return p.putStraight(b, slots), p.blind
	}
	points = p.putElsewhere(b, slots)
	return points, points > 0
}

// putStraight puts the items into the lanes where Cluster.Put would put them. What
// another hash has placed goes to all: who was owed it is not known any more.
func (p *past) putStraight(b *queue.Block, slots []int32) (points int) {
	s := p.now.sorters.Get().(*sorter)
	defer p.now.sorters.Put(s)
	for from := 0; from < len(slots); {
		from = s.sort(slots, from)
		for _, slot := range s.used {
			for address, lane := range p.now.slots[slot] {
				if p.blind || b.Last > p.marks[slot][address] {
					points += give(lane, b, s.items(slot))
				}
			}
		}
	}
	return points
}

// putElsewhere puts each item into the lanes that have taken the place of those that are
// owed it.
func (p *past) putElsewhere(b *queue.Block, slots []int32) (points int) {
	for i := range b.Items {
		p.choose(int32(i), b, slots[i])
	}
	for _, lane := range p.touched {
		points += give(lane, b, p.chosen[lane])
		p.chosen[lane] = p.chosen[lane][:0]
	}
	p.touched = p.touched[:0]
	return points
}

// give puts the items into the lane, as points that were replayed.
func give(lane *queue.Lane, b *queue.Block, items []int32) int {
	lane.Put(b, items)
	lane.Replayed(len(items))
	return len(items)
}

// choose notes the lanes that get the item i of b; to is its slot of now.
func (p *past) choose(i int32, b *queue.Block, to int32) {
	slot := slotOf(p.ring, p.lanes, b.Items[i].Hash)
	for address, mark := range p.marks[slot] {
		if b.Last <= mark {
			continue
		}
		lane := p.now.slots[to][p.heir(slot/p.lanes, address, int(to))]
		items := p.chosen[lane]
		switch n := len(items); {
		case n == 0:
			p.touched = append(p.touched, lane)
		case items[n-1] == i: // the copy of another address came here too
			continue
		}
		p.chosen[lane] = append(items, i)
	}
}

// heir returns which address of the slot's node of now gets what an address of a former
// node is owed: the same one, if the node has it, else the one in its place.
func (p *past) heir(node, address, to int) int {
	heirs := p.now.nodes[to/p.now.lanes]
	name := p.nodes[node].Addresses[address]
	if i := slices.IndexFunc(heirs, func(t *target) bool { return t.addresses[0] == name }); i >= 0 {
		return i
	}
	return address % len(heirs)
}
