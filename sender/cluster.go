package sender

import (
	"fmt"
	"slices"
	"sync"

	"transfer/g"
	"transfer/g/stat"
	"transfer/sender/queue"
	"transfer/sender/ring"
)

// Cluster is one enabled backend with its targets: the nodes of a ring, or one
// group. The pipeline puts Blocks into it.
type Cluster struct {
	Backend
	name    string
	section *g.Backend
	rules   Rules
	ring    *ring.Ring // nil for a group
	hash    ring.Hash
	nodes   [][]*target // by the ring's node, each with its addresses
	targets []*target

	lanes    int             // of each target
	slots    [][]*queue.Lane // lane of node, node by node: that lane of each address
	layers   []*layer        // of former targets that move what they hold, the oldest first
	detours  *detours        // nil without layers, hand-overs and stand-ins
	relieved bool            // stand-ins may take what is for a node that is away

	handoffs []handed
	sorters  sync.Pool // of *sorter
}

// maker returns the target at a place of a cluster that is built, with so many lanes.
type maker func(p plan, at location, lanes int) *target

// newCluster returns a cluster of new targets.
func newCluster(k kind, section *g.Backend, minStep int, s *shared) (*Cluster, error) {
	p, err := k.build(section, minStep)
	if err != nil {
		return nil, err
	}
	c, places, err := planCluster(p, section)
	if err != nil {
		return nil, err
	}
	lanes := keptLanes(section, p, places, laneCount(section, p.group), s)
	c.fill(p, places, lanes, func(p plan, at location, lanes int) *target { return newTarget(p, section, at, lanes, s) })
	s.first = nil // their targets have them
	return c, nil
}

// planCluster returns a cluster without targets, and where these have to be.
func planCluster(p plan, section *g.Backend) (*Cluster, []location, error) {
	c := &Cluster{Backend: p.Backend, name: section.Name, section: section, rules: p.Rules}
	if p.group != nil {
		return c, []location{{addresses: p.group}}, nil
	}
	hash, err := ring.ParseHash(section.Hash)
	if err != nil {
		return nil, nil, fmt.Errorf("%s.hash: %w", section.Name, err)
	}
	addresses := make(map[string][]string, len(section.Nodes))
	names := make([]string, 0, len(section.Nodes))
	for _, n := range section.Nodes {
		addresses[n.Name] = n.Addresses
		names = append(names, n.Name)
	}
	if err := checkFailover(section); err != nil {
		return nil, nil, err
	}
	replicas := section.Replicas
	if replicas == 0 {
		replicas = ring.DefaultReplicas(hash)
	}
	if c.ring, err = ring.New(names, replicas, hash); err != nil {
		return nil, nil, fmt.Errorf("%s.cluster: %w", section.Name, err)
	}
	c.hash = hash
	var places []location
	for _, name := range c.ring.Nodes() {
		for _, address := range addresses[name] {
			places = append(places, location{node: name, addresses: []string{address}})
		}
	}
	return c, places, nil
}

// fill makes the targets at the places, which are in the order of the nodes, and the list
// of where items may have to go.
func (c *Cluster) fill(p plan, places []location, lanes int, target maker) {
	c.lanes = lanes
	for i, at := range places {
		if i == 0 || at.node != places[i-1].node {
			c.nodes = append(c.nodes, nil)
		}
		t := target(p, at, lanes)
		node := &c.nodes[len(c.nodes)-1]
		*node = append(*node, t)
		c.targets = append(c.targets, t)
	}
	for _, node := range c.nodes {
		for i := range lanes {
			var slot []*queue.Lane
			for _, t := range node {
				slot = append(slot, t.lanes[i].blocks)
			}
			c.slots = append(c.slots, slot)
		}
	}
	c.pass(nil)
}

// pass makes the points of series that former targets of the layers had go through these,
// and those of nodes that are away to their stand-ins. It comes before Slot is called.
func (c *Cluster) pass(layers []*layer) {
	c.relieved = c.failsOver() || slices.ContainsFunc(c.targets, func(t *target) bool { return t.relief.Load() != nil })
	if len(layers) > 0 || c.relieved {
		c.layers, c.detours = layers, newDetours(c)
	}
}

// Name returns the section's name.
func (c *Cluster) Name() string { return c.name }

// Hash returns the hash by which items are placed; CRC-32 for a group.
func (c *Cluster) Hash() ring.Hash { return c.hash }

// Slot returns where items of this hash go: the lane of the node that the ring names,
// at every address, or of a former target. It is the same for as long as the Cluster is
// used.
func (c *Cluster) Slot(hash uint32) int32 {
	slot := int32(slotOf(c.ring, c.lanes, hash))
	if c.detours != nil {
		return c.detours.slot(hash, slot)
	}
	return slot
}

// lanesOf returns the lanes of a slot.
func (c *Cluster) lanesOf(slot int32) []*queue.Lane {
	if int(slot) < len(c.slots) {
		return c.slots[slot]
	}
	return (*c.detours.lanes.Load())[int(slot)-len(c.slots)]
}

// nodeOf returns the addresses of the node that owns the series of the slot.
func (c *Cluster) nodeOf(slot int32) []*target {
	if int(slot) >= len(c.slots) {
		slot = c.detours.plain(slot)
	}
	return c.nodes[int(slot)/c.lanes]
}

// Put copies the items of b to their slots, which Slot gave. b stays the caller's.
func (c *Cluster) Put(b *queue.Block, slots []int32) {
	s := c.sorter()
	defer c.sorters.Put(s)
	for from := 0; from < len(slots); {
		from = s.sort(slots, from)
		putShares(b, c.share(s))
	}
}

// manySlots is from how many slots on a batch comes as one Block and is sorted here. What
// fewer lanes need is mostly in the processor's own caches.
const manySlots = 12

// FewSlots returns how many slots there are if the items of each are to come in a Block of
// their own, by PutSlot; else 0. It is the same for as long as the Cluster is used.
func (c *Cluster) FewSlots() int {
	if len(c.slots) >= manySlots || c.detours != nil {
		return 0
	}
	return len(c.slots)
}

// PutSlot copies all items of b, which belong to this one of a few slots. b stays the
// caller's.
func (c *Cluster) PutSlot(b *queue.Block, slot int) {
	for _, lane := range c.slots[slot] {
		lane.PutAll(b)
	}
}

// sorter returns a sorter for all slots that there are.
func (c *Cluster) sorter() *sorter {
	slots := len(c.slots)
	if c.detours != nil {
		slots += len(*c.detours.lanes.Load())
	}
	if s, ok := c.sorters.Get().(*sorter); ok && len(s.counts) >= slots {
		return s
	}
	return newSorter(slots)
}

// status returns what is shown of the ring; false for a group.
func (c *Cluster) status() (stat.Ring, bool) {
	if c.ring == nil {
		return stat.Ring{}, false
	}
	r := stat.Ring{
		Backend: c.name, Hash: c.hash.String(), Replicas: c.ring.Replicas(), Fingerprint: c.ring.Fingerprint(), Lanes: c.lanes,
	}
	r.Handoffs = c.handoffRows()
	shares := c.ring.Shares()
	for i, name := range c.ring.Nodes() {
		share := stat.Share{Node: name, Share: shares[i]}
		for _, t := range c.nodes[i] {
			share.Addresses = append(share.Addresses, t.role.Load().addresses...)
		}
		r.Shares = append(r.Shares, share)
	}
	return r, true
}
