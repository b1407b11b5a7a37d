package sender

import (
	"slices"
	"time"

	"transfer/sender/queue"
	"transfer/sender/ring"
)

// pastHandoff is a hand-over of the past: until its end, series went to their node of
// before, too.
type pastHandoff struct {
	ring  *ring.Ring
	until time.Time
	nodes [][]pastOwner // by the ring's node, its addresses; none where the node was gone
}

// pastOwner is an address of a node to which series were handed over.
type pastOwner struct {
	target *target // of now
	states []LaneState
}

// addHandoffs adds the hand-overs of then.
func (p *past) addHandoffs(marks map[string][]LaneState) error {
	have := make(map[string]*target)
	for _, t := range p.now.targets {
		have[t.id] = t
	}
	for _, of := range p.then.Handoffs {
		routing := p.then
		routing.Replicas, routing.Nodes = of.Replicas, nil
		for _, name := range of.Nodes {
			at := slices.IndexFunc(p.nodes, func(n nodeRouting) bool { return n.Name == name })
			addresses := []string{""}
			if at >= 0 {
				addresses = p.nodes[at].Addresses
			}
			routing.Nodes = append(routing.Nodes, nodeRouting{name, addresses})
		}
		if err := routing.check(); err != nil {
			return err
		}
		h := pastHandoff{ring: routing.build(p.now), until: of.Until}
		for _, n := range routing.places() {
			var owners []pastOwner
			for _, address := range n.Addresses {
				id := targetID(p.then.Name, n.Name, address)
				if t := have[id]; t != nil && len(t.lanes) == p.lanes {
					owners = append(owners, pastOwner{t, marks[id]})
				}
			}
			h.nodes = append(h.nodes, owners)
		}
		if h.ring != nil {
			p.handoffs = append(p.handoffs, h)
		}
	}
	return nil
}

// hand gives the nodes to which series were handed over what they are owed.
func (p *past) hand(b *queue.Block) (points int) {
	for _, h := range p.handoffs {
		if b.Accepted.After(h.until) {
			continue
		}
		for i, item := range b.Items {
			node := h.ring.Node(item.Hash)
			if h.ring.Nodes()[node] == p.nodes[p.ring.Node(item.Hash)].Name {
				continue
			}
			for _, o := range h.nodes[node] {
				lane := queue.LaneOf(item.Hash, p.lanes)
				if lane >= len(o.states) || b.Last > o.states[lane].Mark {
					p.add(o.target.lanes[lane].blocks, int32(i))
				}
			}
		}
	}
	return p.give(b)
}
