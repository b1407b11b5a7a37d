package sender

import (
	"math"

	"transfer/sender/queue"
	"transfer/sender/ring"
)

// pastLayer is a layer as it was when the state was stored: the former targets through
// which series went, with how much of theirs they had passed on.
type pastLayer struct {
	ring  *ring.Ring // nil: each of them may have had any series
	lanes int
	nodes map[int][][]LaneState // by the ring's node, of each former target; at 0 without ring
}

// addLayers adds those of the layers' former targets that there were then. One that no
// layer knows may have had any series.
func (p *past) addLayers(layers []LayerState, marks map[string][]LaneState) {
	left := make(map[string]bool)
	for _, id := range p.then.Former {
		left[id] = true
	}
	for _, of := range layers {
		y := pastLayer{ring: of.Routing.buildFor(p.now), lanes: of.Routing.Lanes, nodes: make(map[int][][]LaneState)}
		for _, id := range of.Former {
			node, _, found := of.Routing.find(id)
			if !left[id] || !found || y.ring == nil {
				continue
			}
			delete(left, id)
			p.watch(&y, node, marks[id])
		}
		p.layers = append(p.layers, y)
	}
	unknown := pastLayer{nodes: make(map[int][][]LaneState)}
	for id := range left {
		p.watch(&unknown, 0, marks[id])
	}
	p.layers = append(p.layers, unknown)
}

func (p *past) watch(y *pastLayer, node int, states []LaneState) {
	y.nodes[node] = append(y.nodes[node], states)
	for _, l := range states {
		p.lowest = min(p.lowest, l.Mark)
	}
}

// through returns the lowest mark of the former targets that a point of the series went
// through then.
func (p *past) through(hash uint32) uint64 {
	mark := uint64(math.MaxUint64)
	for _, y := range p.layers {
		node := 0
		if y.ring != nil {
			node = y.ring.Node(hash)
		}
		for _, states := range y.nodes[node] {
			if y.ring != nil && len(states) == y.lanes {
				mark = min(mark, states[queue.LaneOf(hash, y.lanes)].Mark)
				continue
			}
			for _, l := range states {
				mark = min(mark, l.Mark)
			}
		}
	}
	return mark
}
