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
	nodes map[int][]pastFormer // by the ring's node; at 0 without ring
}

// pastFormer is one of its former targets.
type pastFormer struct {
	states    []LaneState
	addresses []string // of its node; nil: not known
	address   int      // of these, its own
	heirs     map[int]int
}

// heir returns which address of a node of then had its place, -1 if none.
func (f *pastFormer) heir(node int, addresses []string) int {
	heir, known := f.heirs[node]
	if !known {
		heir = heirsAt(f.addresses, addresses)[f.address]
		f.heirs[node] = heir
	}
	return heir
}

// addLayers adds those of the layers' former targets that there were then. One that no
// layer knows may have had any series.
func (p *past) addLayers(layers []LayerState, marks map[string][]LaneState) {
	left := make(map[string]bool)
	for _, id := range p.then.Former {
		left[id] = true
	}
	for _, of := range layers {
		y := pastLayer{ring: of.Routing.buildFor(p.now), lanes: of.Routing.Lanes, nodes: make(map[int][]pastFormer)}
		for _, id := range of.Former {
			node, address, found := of.Routing.find(id)
			if !left[id] || !found || y.ring == nil {
				continue
			}
			delete(left, id)
			p.watch(&y, node, pastFormer{states: marks[id], addresses: of.Routing.places()[node].Addresses, address: address})
		}
		p.layers = append(p.layers, y)
	}
	unknown := pastLayer{nodes: make(map[int][]pastFormer)}
	for id := range left {
		p.watch(&unknown, 0, pastFormer{states: marks[id]})
	}
	p.layers = append(p.layers, unknown)
}

func (p *past) watch(y *pastLayer, node int, f pastFormer) {
	f.heirs = make(map[int]int)
	y.nodes[node] = append(y.nodes[node], f)
	for _, l := range f.states {
		p.lowest = min(p.lowest, l.Mark)
	}
}

// through returns the lowest mark of the former targets that a point of the series went
// through then, on its way to that address of that node.
func (p *past) through(hash uint32, to, address int) uint64 {
	mark := uint64(math.MaxUint64)
	for _, y := range p.layers {
		node := 0
		if y.ring != nil {
			node = y.ring.Node(hash)
		}
		formers := y.nodes[node]
		for i := range formers {
			f := &formers[i]
			switch {
			case y.ring == nil || len(f.states) != y.lanes:
				for _, l := range f.states {
					mark = min(mark, l.Mark)
				}
			case f.heir(to, p.nodes[to].Addresses) == address:
				mark = min(mark, f.states[queue.LaneOf(hash, y.lanes)].Mark)
			}
		}
	}
	return mark
}
