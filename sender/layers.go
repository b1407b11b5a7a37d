package sender

import (
	"slices"
	"sync/atomic"
	"time"

	jsoniter "github.com/json-iterator/go"

	"transfer/sender/ring"
)

// LayerState is what is stored of a routing of the past whose former targets are still
// there. A State has them in the order in which they were given up.
type LayerState struct {
	Routing backendRouting
	Former  []string // ids of the targets
}

// backendNow is the cluster of a backend, whatever changes.
type backendNow struct{ is atomic.Pointer[Cluster] }

// cluster returns the cluster of now.
func (b *backendNow) cluster() *Cluster { return b.is.Load() }

// now returns the place where the cluster of a backend is to be found.
func (s *Sender) now(backend string) *backendNow {
	if s.backends[backend] == nil {
		s.backends[backend] = new(backendNow)
	}
	return s.backends[backend]
}

// newLayer returns a layer for targets that leave, which had their points by the routing
// and the ring before. Without a ring there is one target, which may have had any series.
func (s *Sender) newLayer(before backendRouting, r *ring.Ring, leaving []*target) *layer {
	s.layers++
	y := &layer{number: s.layers, routing: before, ring: r, leavers: make(map[int]*leaver)}
	for _, t := range leaving {
		if r == nil {
			y.leavers[0] = &leaver{addresses: []string{t.address()}, targets: []*target{t}}
			continue
		}
		node, address, found := before.find(t.id)
		if !found {
			continue // it drains to its address
		}
		if y.leavers[node] == nil {
			addresses := before.places()[node].Addresses
			y.leavers[node] = &leaver{addresses: addresses, targets: make([]*target, len(addresses))}
		}
		y.leavers[node].targets[address] = t
	}
	return y
}

// onward returns the way onward of a target of the layer, nil if it has none there.
func (y *layer) onward(t *target, to *backendNow, now func() time.Time) *onward {
	for _, v := range y.leavers {
		if i := slices.Index(v.targets, t); i >= 0 {
			return &onward{way: &layerWay{backend: to, target: t, layer: y, leaver: v, address: i}, now: now}
		}
	}
	return nil
}

// find returns the node and the address of the target with the id, by their indices;
// false if the routing has none. That of an adopted one is the routing of its relay.
func (r backendRouting) find(target string) (node, address int, found bool) {
	target, _ = partID(target)
	for i, n := range r.places() {
		for j, name := range n.Addresses {
			if targetID(r.Name, n.Name, name) == target {
				return i, j, true
			}
		}
	}
	return 0, 0, false
}

// layerStates returns what is to be stored of the layers that are not over.
func (s *Sender) layerStates() (states []LayerState) {
	for _, c := range s.clusters {
		for _, y := range c.layers {
			if ids := y.former(); len(ids) > 0 {
				states = append(states, LayerState{y.routing, ids})
			}
		}
	}
	return states
}

// takeFormers makes former targets of those that an earlier configuration has left
// something for, as the state of then says.
func (s *Sender) takeFormers(past *State) {
	if past == nil {
		return
	}
	left := make(map[string]*TargetState) // by id
	var standIns []*TargetState
	for i := range past.Targets {
		t := &past.Targets[i]
		switch {
		case s.target(t.ID) != nil || t.Former && !t.Moving && t.Ledger.Queued == 0:
		case t.StandsInFor != "":
			standIns = append(standIns, t)
		default:
			left[t.ID] = t
		}
	}
	s.needOwners(standIns, past, left)
	for _, y := range past.layers() {
		s.takeLayer(y, left)
	}
	for id := range left { // nobody knows any more which series it had
		backend, _ := parseID(id)
		s.takeLayer(LayerState{backendRouting{Name: backend}, []string{id}}, left)
	}
	s.takeStandIns(standIns)
	for _, c := range s.clusters {
		c.pass(s.taken[c.name])
	}
	s.taken = nil
}

// layers returns the layers of the state, and as the last one the routing that it was
// stored with.
func (st *State) layers() []LayerState {
	all := slices.Clone(st.Layers)
	for _, b := range st.lastRouting().Backends {
		y := LayerState{Routing: b}
		for _, n := range b.places() {
			for _, address := range n.Addresses {
				y.Former = append(y.Former, targetID(b.Name, n.Name, address))
			}
		}
		all = append(all, y)
	}
	return all
}

// lastRouting returns the routing that the state was stored with; without backends where
// it is not known.
func (st *State) lastRouting() (last routing) {
	if jsoniter.Unmarshal(st.Routing, &last) != nil {
		return routing{}
	}
	return last
}

// routingOf is lastRouting for one backend.
func (st *State) routingOf(backend string) backendRouting {
	for _, b := range st.lastRouting().Backends {
		if b.Name == backend {
			return b
		}
	}
	return backendRouting{}
}

// takeLayer makes former targets of those of the layer that are in left, and takes them out
// of there.
func (s *Sender) takeLayer(of LayerState, left map[string]*TargetState) {
	c := s.cluster(of.Routing.Name)
	if c == nil || of.Routing.Encoding != "" && of.Routing.Encoding != c.rules.Encoding {
		return // what they left stays where it is
	}
	known := len(of.Routing.Nodes) > 0 && of.Routing.check() == nil
	drain := c.ring != nil && (c.section.OnRemove == onRemoveDrain || known && of.Routing.Hash != c.hash.String())
	var leaving []*target
	for _, id := range of.Former {
		past := left[id]
		at, found := c.formerPlace(id)
		if past == nil || !found {
			continue
		}
		delete(left, id)
		lanes := max(1, len(past.Lanes))
		if known {
			lanes = of.Routing.Lanes
		}
		t := newTarget(plan{Backend: c.Backend, Rules: c.rules}, c.section, at, lanes, s.shared)
		t.expect(s.shared)
		leaving = append(leaving, t)
	}
	s.formers = append(s.formers, leaving...)
	if drain {
		for _, t := range leaving {
			s.leave(t, c, nil)
		}
		return
	}
	var then *ring.Ring
	if known && len(leaving) > 0 {
		then = of.Routing.build(c)
	}
	if then == nil { // one after the other, then: each may have had any series
		for _, t := range leaving {
			s.takeIn(c, s.newLayer(of.Routing, nil, []*target{t}))
		}
	} else {
		s.takeIn(c, s.newLayer(of.Routing, then, leaving))
	}
}

// formerPlace returns where the former target with the id was; false if what it left stays
// where it is. A group's own is never a former one, that of another relay may be.
func (c *Cluster) formerPlace(id string) (at location, found bool) {
	_, at = parseID(id)
	if c.ring == nil && at.relay != "" && len(at.addresses) == 0 {
		at.addresses = c.targets[0].role.Load().addresses
		return at, true
	}
	return at, c.ring != nil && len(at.addresses) > 0
}

func (s *Sender) takeIn(c *Cluster, y *layer) {
	s.taken[c.name] = append(s.taken[c.name], y)
	for _, v := range y.leavers {
		for _, t := range v.targets {
			if t != nil {
				s.leave(t, c, y)
			}
		}
	}
}

// build returns the ring that the routing describes: that of the cluster where it is the
// same, since one of many nodes takes long to build; nil where it makes no sense.
func (r backendRouting) build(c *Cluster) *ring.Ring {
	var names []string
	for _, n := range r.places() {
		names = append(names, n.Name)
	}
	if c.ring != nil && r.Replicas == c.ring.Replicas() && slices.Equal(names, c.ring.Nodes()) {
		return c.ring
	}
	built, err := r.ring()
	if err != nil {
		return nil
	}
	return built
}
