package sender

import (
	"fmt"
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
	ring    *ring.Ring // nil for a group
	hash    ring.Hash
	nodes   [][]*target // by the ring's node, each with its addresses
	targets []*target

	lanes   int             // of each target
	slots   [][]*queue.Lane // lane of node, node by node: that lane of each address
	sorters sync.Pool       // of *sorter
}

func newCluster(k kind, section *g.Backend, minStep int, s *shared) (*Cluster, error) {
	p, err := k.build(section, minStep)
	if err != nil {
		return nil, err
	}
	c := &Cluster{Backend: p.Backend, name: k.name}
	if p.group != nil {
		group := location{addresses: p.group}
		lanes := keptLanes(section, p, []location{group}, laneCount(section, p.group), s)
		c.targets = []*target{newTarget(p, section, group, lanes, s)}
		c.nodes = [][]*target{c.targets}
	} else if err := c.buildRing(p, section, s); err != nil {
		return nil, err
	}
	c.index()
	return c, nil
}

// index makes a list of where items may have to go.
func (c *Cluster) index() {
	c.lanes = len(c.targets[0].lanes)
	for _, node := range c.nodes {
		for i := range c.lanes {
			var slot []*queue.Lane
			for _, t := range node {
				slot = append(slot, t.lanes[i].blocks)
			}
			c.slots = append(c.slots, slot)
		}
	}
	c.sorters.New = func() any { return newSorter(len(c.slots)) }
}

func (c *Cluster) buildRing(p plan, section *g.Backend, s *shared) error {
	hash, err := ring.ParseHash(section.Hash)
	if err != nil {
		return fmt.Errorf("%s.hash: %w", section.Name, err)
	}
	addresses := make(map[string][]string, len(section.Nodes))
	names := make([]string, 0, len(section.Nodes))
	for _, n := range section.Nodes {
		addresses[n.Name] = n.Addresses
		names = append(names, n.Name)
	}
	replicas := section.Replicas
	if replicas == 0 {
		replicas = ring.DefaultReplicas(hash)
	}
	if c.ring, err = ring.New(names, replicas, hash); err != nil {
		return fmt.Errorf("%s.cluster: %w", section.Name, err)
	}
	c.hash = hash
	var places []location
	for _, name := range c.ring.Nodes() {
		for _, address := range addresses[name] {
			places = append(places, location{name, []string{address}})
		}
	}
	lanes := keptLanes(section, p, places, laneCount(section, nil), s)
	for _, name := range c.ring.Nodes() {
		var node []*target
		for _, address := range addresses[name] {
			node = append(node, newTarget(p, section, location{name, []string{address}}, lanes, s))
		}
		c.nodes = append(c.nodes, node)
		c.targets = append(c.targets, node...)
	}
	return nil
}

// Name returns the section's name.
func (c *Cluster) Name() string { return c.name }

// Hash returns the hash by which items are placed; CRC-32 for a group.
func (c *Cluster) Hash() ring.Hash { return c.hash }

// Slot returns where items of this hash go: the lane of the node that the ring names,
// at every address.
func (c *Cluster) Slot(hash uint32) int32 {
	slot := queue.LaneOf(hash, c.lanes)
	if c.ring != nil {
		slot += c.ring.Node(hash) * c.lanes
	}
	return int32(slot)
}

// Put copies the items of b to their slots, which Slot gave. b stays the caller's.
func (c *Cluster) Put(b *queue.Block, slots []int32) {
	if len(c.slots) == 1 {
		for _, lane := range c.slots[0] {
			lane.PutAll(b)
		}
		return
	}
	s := c.sorters.Get().(*sorter)
	defer c.sorters.Put(s)
	for from := 0; from < len(slots); {
		from = s.sort(slots, from)
		for _, slot := range s.used {
			for _, lane := range c.slots[slot] {
				lane.Put(b, s.items(slot))
			}
		}
	}
}

// status returns what is shown of the ring; false for a group.
func (c *Cluster) status() (stat.Ring, bool) {
	if c.ring == nil {
		return stat.Ring{}, false
	}
	r := stat.Ring{
		Backend: c.name, Hash: c.hash.String(), Replicas: c.ring.Replicas(), Fingerprint: c.ring.Fingerprint(),
	}
	shares := c.ring.Shares()
	for i, name := range c.ring.Nodes() {
		share := stat.Share{Node: name, Share: shares[i]}
		for _, t := range c.nodes[i] {
			share.Addresses = append(share.Addresses, t.addresses...)
		}
		r.Shares = append(r.Shares, share)
	}
	return r, true
}
