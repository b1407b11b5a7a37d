package sender

import (
	"math"
	"slices"

	"transfer/g/metric"
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

	states map[string][]LaneState // of all targets, as they were stored
	then   backendRouting

	formers []*target // there are now

	layers   []pastLayer
	handoffs []pastHandoff
	wants    func(p *metric.Point) bool // when they were accepted; nil: as now
	chosen   map[*queue.Lane][]int32    // of the Block that is put
	touched  []*queue.Lane              // those of chosen that get some
}

// former returns the former target with the id, if there is one.
func (p *past) former(id string) *target {
	for _, t := range p.formers {
		if t.id == id {
			return t
		}
	}
	return nil
}

// newPast returns what the routing and the marks say of the past of a cluster, beside
// which there are these former targets. layers are those of the stored state.
func newPast(c *Cluster, formers []*target, layers []LayerState, then backendRouting, marks map[string][]LaneState) (*past, error) {
	if err := then.check(); err != nil {
		return nil, err
	}
	p := &past{
		now: c, same: then.equal(c.routing()),
		ring: c.ring, lanes: then.Lanes, nodes: then.places(), lowest: math.MaxUint64,
		states: marks, then: then, formers: formers, wants: c.wantsOf(then),
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
	if p.ring != nil && !p.blind {
		p.addLayers(layers, marks)
		return p, p.addHandoffs(marks)
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
	case p.same && len(p.then.Former) == 0 || p.blind:
		points, moved = p.putStraight(b, slots)
		moved = moved || p.blind
	default:
		points = p.putElsewhere(b, slots)
		moved = points > 0
	}
	return points + p.hand(b), moved
}

// putStraight puts the items into the lanes where Cluster.Put would put them. What
// another hash has placed goes to all: who was owed it is not known any more.
func (p *past) putStraight(b *queue.Block, slots []int32) (points int, moved bool) {
	s := p.now.sorter()
	defer p.now.sorters.Put(s)
	for from := 0; from < len(slots); {
		from = s.sort(slots, from)
		for _, slot := range s.used {
			n := p.putSlot(b, slot, s.items(slot))
			points += n
			moved = moved || n > 0 && int(slot) >= len(p.now.slots)
		}
	}
	return points, moved
}

// putSlot puts items of one slot of now into its lanes.
func (p *past) putSlot(b *queue.Block, slot int32, items []int32) (points int) {
	plain := slot
	if int(slot) >= len(p.now.slots) {
		plain = p.now.detours.plain(slot)
	}
	owners := p.now.nodeOf(slot)
	for address, lane := range p.now.lanesOf(slot)[:len(owners)] {
		if p.blind || b.Last > p.marks[plain][address] {
			lane = p.owing(owners[address], lane, b, items[0])
			points += give(lane, b, items)
		}
	}
	return points
}

// owing returns which lane gets an item that is owed to a target: that of the last
// stand-in on whose way it is that was owed it, or the target's own. Where nothing is left
// of that stand-in, which had it in memory only, the item goes where it would have passed
// it on: those that were closed before may have older points of the series. lane is the
// one for new points; where that leads through former targets, so does the item.
func (p *past) owing(t *target, lane *queue.Lane, b *queue.Block, item int32) *queue.Lane {
	r, hash := t.relief.Load(), b.Items[item].Hash
	if r == nil || !r.final || lane != t.entrance(hash) {
		return lane
	}
	address := slices.Index(r.owners, t)
	for i, in := range slices.Backward(r.closed) {
		of := in.targets[address]
		if of == nil {
			continue
		}
		lanes := p.states[of.id]
		if len(lanes) != len(of.lanes) || b.Last > lanes[queue.LaneOf(hash, len(lanes))].Mark {
			return r.lane(i+1, address, hash)
		}
	}
	return t.laneOf(hash).blocks
}

// putElsewhere puts each item into the lanes that have taken the place of those that are
// owed it.
func (p *past) putElsewhere(b *queue.Block, slots []int32) (points int) {
	for i := range b.Items {
		p.choose(int32(i), b, slots[i])
	}
	return p.give(b)
}

// add notes that the lane gets the item, once.
func (p *past) add(lane *queue.Lane, item int32) {
	items := p.chosen[lane]
	switch n := len(items); {
	case n == 0:
		p.touched = append(p.touched, lane)
	case items[n-1] == item: // the copy of another address came here too
		return
	}
	p.chosen[lane] = append(items, item)
}

// give puts what was added into the lanes.
func (p *past) give(b *queue.Block) (points int) {
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
	hash := b.Items[i].Hash
	slot := slotOf(p.ring, p.lanes, hash)
	for address, mark := range p.marks[slot] {
		if b.Last <= mark && b.Last <= p.through(hash, slot/p.lanes, address) {
			continue
		}
		lane := p.lane(slot/p.lanes, address, to, b, i)
		p.add(lane, i)
	}
}

// lane returns the lane that gets what an address of a node of then is owed: the way of the
// series through former targets, if it is one of these; else that of the same address of
// the node of now, if it has that, or of the one in its place. to is the slot of now.
func (p *past) lane(node, address int, to int32, b *queue.Block, item int32) *queue.Lane {
	hash := b.Items[item].Hash
	name := p.nodes[node].Addresses[address]
	heirs, lanes := p.now.nodeOf(to), p.now.lanesOf(to)
	if former := p.former(targetID(p.then.Name, p.nodes[node].Name, name)); former != nil {
		if former.role.Load().drains {
			return former.laneOf(hash).blocks
		}
		heir := heirsOf(p.nodes[node].Addresses, p.now.entries(0, hash))[address]
		if heir < 0 {
			return former.laneOf(hash).blocks
		}
		return p.owing(former, lanes[heir], b, item)
	}
	if i := slices.IndexFunc(heirs, func(t *target) bool { return t.address() == name }); i >= 0 {
		return p.owing(heirs[i], lanes[i], b, item)
	}
	return lanes[address%len(heirs)]
}
