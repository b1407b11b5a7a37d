package sender

import (
	"sync"
	"sync/atomic"

	"transfer/sender/queue"
)

// detours are the slots of a cluster for series that go through former targets, are handed
// over, or go to stand-ins while their node is away. They are made as such series come,
// and behind the slots of the nodes.
type detours struct {
	cluster *Cluster

	mu    sync.RWMutex
	slots map[string]int32 // by what Cluster.passed says
	of    []uint32         // the hash of some series of each
	lanes atomic.Pointer[[][]*queue.Lane]
	turns atomic.Uint64 // times that they were renewed
}

func newDetours(c *Cluster) *detours {
	d := &detours{cluster: c, slots: make(map[string]int32)}
	d.lanes.Store(new([][]*queue.Lane))
	return d
}

// slot returns the slot of a series that has the plain one without former targets.
func (d *detours) slot(hash uint32, plain int32) int32 {
	var buf [64]byte
	key, concerned := d.cluster.passed(buf[:0], 0, hash)
	key, handed := d.cluster.handed(key, hash)
	if !concerned && !handed {
		return plain
	}
	d.mu.RLock()
	slot, known := d.slots[string(key)]
	d.mu.RUnlock()
	if known {
		return slot
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if slot, known := d.slots[string(key)]; known {
		return slot
	}
	slot = int32(len(d.cluster.slots) + len(d.of))
	d.slots[string(key)] = slot
	d.of = append(d.of, hash)
	lanes := append(*d.lanes.Load(), d.cluster.lanesFor(hash)) // whoever reads has the shorter slice
	d.lanes.Store(&lanes)
	return slot
}

// renew leaves out former targets of which nothing is left, and goes by who stands in for
// whom now.
func (d *detours) renew() {
	d.turns.Add(1)
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([][]*queue.Lane, 0, len(d.of))
	for _, hash := range d.of {
		all = append(all, d.cluster.lanesFor(hash))
	}
	d.lanes.Store(&all)
}

// turn tells apart what the cluster's detours were before and after they were renewed.
func (c *Cluster) turn() uint64 {
	if c.detours == nil {
		return 0
	}
	return c.detours.turns.Load()
}

// lanesFor returns the lanes into which the points of a series go: one for each address of
// the node that owns it, then those of the nodes that it is handed over from.
func (c *Cluster) lanesFor(hash uint32) (lanes []*queue.Lane) {
	for _, e := range c.entries(0, hash) {
		lanes = append(lanes, e.lane)
	}
	return append(lanes, c.formerOwners(hash)...)
}

// plain returns the slot that the given one is without former targets.
func (d *detours) plain(slot int32) int32 {
	d.mu.RLock()
	defer d.mu.RUnlock()
	c := d.cluster
	return int32(slotOf(c.ring, c.lanes, d.of[int(slot)-len(c.slots)]))
}
