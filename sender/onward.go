package sender

import (
	"slices"
	"sync"
	"time"

	"transfer/sender/queue"
)

// onward takes what a former target holds, item by item, to the lanes where it belongs
// now. Any goroutine may use it.
type onward struct {
	way way
	now func() time.Time
}

// way tells where the points of a series go that leave a former target. Any goroutine may
// use it.
type way interface {
	// lanes returns a func that returns the lane of a series, nil if none takes the place:
	// by the state of now, for all items of a Block.
	lanes() func(hash uint32) *queue.Lane
}

// layerWay is the way of a target that is not configured any more: to the lanes that own
// the series now, or to a former target of a later layer.
type layerWay struct {
	backend *backendNow
	target  *target // whose way it is
	layer   *layer
	leaver  *leaver
	address int // of the target, among the leaver's

	mu  sync.Mutex
	now *wayNow
}

// wayNow is a layerWay as long as nothing changes.
type wayNow struct {
	cluster *Cluster
	turn    uint64                 // of its detours
	alone   bool                   // what the target holds, it may be the only one to hold
	lanes   map[string]*queue.Lane // by what Cluster.passed says; nil: none takes the place
}

// bundle is what one lane gets of a Block.
type bundle struct {
	lane  *queue.Lane
	items []int32
}

// split returns the parts of a Block, each in order, and how many of the chosen items have
// no lane to go to.
func (o *onward) split(b *queue.Block, chosen []int32) (parts []bundle, lost int) {
	laneOf := o.way.lanes()
	at := make(map[*queue.Lane]int) // index in parts
	for _, i := range chosen {
		lane := laneOf(b.Items[i].Hash)
		if lane == nil {
			lost++
			continue
		}
		n, known := at[lane]
		if !known {
			n = len(parts)
			at[lane] = n
			parts = append(parts, bundle{lane: lane})
		}
		parts[n].items = append(parts[n].items, i)
	}
	return parts, lost
}

// lanes implements way.
func (w *layerWay) lanes() func(hash uint32) *queue.Lane {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, alone := w.backend.cluster(), w.target.queue.HasTaken()
	if turn := c.turn(); w.now == nil || c != w.now.cluster || turn != w.now.turn || alone != w.now.alone {
		w.now = &wayNow{cluster: c, turn: turn, alone: alone, lanes: make(map[string]*queue.Lane)}
	}
	now := w.now
	return func(hash uint32) *queue.Lane { return w.lane(now, hash) }
}

// lane returns the lane that the series goes to; nil: none.
func (w *layerWay) lane(now *wayNow, hash uint32) *queue.Lane {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := now.cluster
	from := c.after(w.layer)
	var buf [64]byte
	key, _ := c.passed(buf[:0], from, hash)
	lane, known := now.lanes[string(key)]
	if !known {
		entries := c.entries(from, hash)
		heirs := heirsOf(w.leaver.addresses, entries)
		switch heir := heirs[w.address]; {
		case heir >= 0:
			lane = entries[heir].lane
		case now.alone: // others of its node never had what was moved to this one
			lane = w.behind(entries, heirs, hash)
		}
		now.lanes[string(key)] = lane
	}
	return lane
}

// behind returns where points go that have no heir of their own: behind what another
// address of the node has left.
func (w *layerWay) behind(entries []entry, heirs []int, hash uint32) *queue.Lane {
	other := slices.IndexFunc(heirs, func(heir int) bool { return heir >= 0 })
	if t := w.leaver.targets[other]; t != nil && !t.isOver() {
		return t.laneOf(hash).blocks
	}
	return entries[heirs[other]].lane
}

// ownedBy reports whether one of the parts belongs to the target itself: it is configured
// again, which its lanes may not know yet.
func ownedBy(t *target, parts []bundle) bool {
	return slices.ContainsFunc(parts, func(p bundle) bool { return t.owns(p.lane) })
}

// owns reports whether the lane is one of the target's.
func (t *target) owns(blocks *queue.Lane) bool {
	return slices.ContainsFunc(t.lanes, func(own *lane) bool { return own.blocks == blocks })
}

// put is the queue.Onward of the target's lanes.
func (o *onward) put(b *queue.Block, chosen []int32, moved bool) (spots []queue.Spot, lost int) {
	parts, lost := o.split(b, chosen)
	for _, p := range parts {
		if !moved {
			p.lane.Put(b, p.items)
			continue
		}
		its, gone := p.lane.PutMoved(b, p.items, o.now())
		spots, lost = append(spots, its...), lost+gone
	}
	return spots, lost
}

// after returns the index of the layer behind y.
func (c *Cluster) after(y *layer) int {
	i := 0
	for i < len(c.layers) && c.layers[i].number <= y.number {
		i++
	}
	return i
}
