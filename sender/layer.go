package sender

import (
	"encoding/binary"
	"slices"

	"transfer/sender/queue"
	"transfer/sender/ring"
)

// layer is a routing of the past of which some targets are still there, as former ones:
// they move what they hold to the targets of now. A cluster has its layers in the order in
// which they were given up, the oldest first. A series that such a target had goes
// through it for as long as something is left there, whatever came after: from one
// layer to the next that concerns it, at last to the node that owns it now.
type layer struct {
	number  uint64 // rises from layer to layer
	routing backendRouting
	ring    *ring.Ring      // nil: it is not known which series its targets had: any
	leavers map[int]*leaver // by the ring's node; at 0 where there is no ring
}

// leaver is a node of a layer with former targets.
type leaver struct {
	addresses []string  // of the node, then
	targets   []*target // by address; nil: that one has nothing to move
}

// at returns the leaver that concerns the series, and the number of its node; nil if
// none does.
func (y *layer) at(hash uint32) (*leaver, int) {
	node := 0
	if y.ring != nil {
		node = y.ring.Node(hash)
	}
	return y.leavers[node], node
}

// isOver reports whether nothing is left of the layer.
func (y *layer) isOver() bool {
	for _, v := range y.leavers {
		for _, t := range v.targets {
			if t != nil && !t.isOver() {
				return false
			}
		}
	}
	return true
}

// without returns the layer without the target, which is configured again.
func (y *layer) without(back *target) *layer {
	other := &layer{number: y.number, routing: y.routing, ring: y.ring, leavers: make(map[int]*leaver)}
	for node, v := range y.leavers {
		targets := slices.Clone(v.targets)
		for i, t := range targets {
			if t == back {
				targets[i] = nil
			}
		}
		other.leavers[node] = &leaver{v.addresses, targets}
	}
	return other
}

// former returns the ids of its targets.
func (y *layer) former() (ids []string) {
	for _, v := range y.leavers {
		for _, t := range v.targets {
			if t != nil && !t.isOver() {
				ids = append(ids, t.id)
			}
		}
	}
	slices.Sort(ids)
	return ids
}

// entry is where points of a series go for one address of the node that owns it: into a
// lane of the target there, or of a former one whose place it has taken.
type entry struct {
	target *target // at the address
	lane   *queue.Lane
}

// entries returns where the series goes that comes out of the layers before from.
func (c *Cluster) entries(from int, hash uint32) []entry {
	slot := slotOf(c.ring, c.lanes, hash)
	var all []entry
	for _, t := range c.nodes[slot/c.lanes] {
		all = append(all, entry{t, t.entrance(hash)})
	}
	for i := len(c.layers) - 1; i >= from; i-- {
		v, _ := c.layers[i].at(hash)
		if v == nil {
			continue
		}
		heirs := heirsOf(v.addresses, all)
		for address, t := range v.targets {
			if heir := heirs[address]; t != nil && !t.isOver() && heir >= 0 {
				all[heir].lane = t.entrance(hash)
			}
		}
	}
	return all
}

// passed appends to key what decides on entries: of which nodes of the layers the series
// was, who stands in first for its node, and its slot of now.
func (c *Cluster) passed(key []byte, from int, hash uint32) (_ []byte, concerned bool) {
	for _, y := range c.layers[from:] {
		v, node := y.at(hash)
		if v == nil {
			key = append(key, 0)
			continue
		}
		concerned = true
		key = binary.AppendUvarint(key, uint64(node)+1)
		key = binary.AppendUvarint(key, uint64(queue.LaneOf(hash, y.routing.Lanes)))
	}
	if c.relieved {
		concerned = true
		key = binary.AppendVarint(key, int64(c.ring.Next(hash)))
	}
	return binary.AppendUvarint(key, uint64(slotOf(c.ring, c.lanes, hash))), concerned
}

// heirsOf returns which of the addresses of now takes the place of each of those of
// then: the same one, where there is that still, and of the others one after another those
// that are new. -1: none does; the others of the node had the same points.
func heirsOf(then []string, now []entry) []int {
	addresses := make([]string, len(now))
	for i, e := range now {
		addresses[i] = e.target.address()
	}
	return heirsAt(then, addresses)
}

// heirsAt is heirsOf for addresses.
func heirsAt(then, now []string) []int {
	heirs := make([]int, len(then))
	taken := make([]bool, len(now))
	for i, address := range then {
		heirs[i] = slices.Index(now, address)
		if heirs[i] >= 0 {
			taken[heirs[i]] = true
		}
	}
	next := 0
	for i := range heirs {
		if heirs[i] >= 0 {
			continue
		}
		for next < len(now) && taken[next] {
			next++
		}
		if next < len(now) {
			heirs[i] = next
			next++
		}
	}
	return heirs
}
