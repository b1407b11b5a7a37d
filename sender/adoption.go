package sender

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	jsoniter "github.com/json-iterator/go"

	"transfer/g"
	"transfer/sender/overflow"
)

// An adoption takes over what a relay that is gone has left in Redis: lane by lane the
// lease of a stream is taken, and what is in it becomes the backlog of a former target
// here, which moves it to where its series belong now, or drains it to the address that it
// was for. Our own points of these series queue behind it from then on.

// Refuses returns why what another relay has left cannot be adopted here; nil: it can.
func (s *Sender) Refuses(left overflow.Meta) error {
	backend, _ := parseID(left.Target)
	c := s.cluster(backend)
	switch {
	case c == nil:
		return fmt.Errorf("cannot adopt %s of relay %s: the backend %q is not enabled here; enable it, or start that relay again",
			left.Target, left.Owner, backend)
	case left.Encoding != c.rules.Encoding:
		return fmt.Errorf("cannot adopt %s of relay %s: its points have the form %q, and this relay writes %q; start that relay again, or another one of its version",
			left.Target, left.Owner, left.Encoding, c.rules.Encoding)
	case !c.mayHaveLeft(left):
		return fmt.Errorf("cannot adopt %s of relay %s, lane %d of %d: what the stream says of itself makes no sense; start that relay again",
			left.Target, left.Owner, left.Lane, left.Lanes)
	}
	return nil
}

// mayHaveLeft reports whether another relay may have had such a target of the backend.
func (c *Cluster) mayHaveLeft(left overflow.Meta) bool {
	_, at := parseID(left.Target)
	placed := left.Target == c.name
	if c.ring != nil {
		placed = at.node != "" && len(at.addresses) > 0 && at.addresses[0] != ""
	}
	return placed && at.relay == "" && g.IsKeyPart(left.Owner) &&
		left.Lanes >= 1 && left.Lanes <= maxLanes && left.Lane >= 0 && left.Lane < left.Lanes
}

// PlanAdoption builds what takes over the streams, whose leases this relay has taken. As
// with Plan, Apply or Drop must follow; nil if nothing can be taken over now. The leases
// of streams for which it is not the time yet are given up: they will be found again.
func (s *Sender) PlanAdoption(streams []*overflow.Stream) *Change {
	s.changing.Lock()
	c := &Change{sender: s, minStep: s.shared.minStep, budget: s.shared.budget.Limit(), turns: make(map[*target]*role)}
	heirs := make(map[*Cluster][]*legacy)
	for _, left := range s.legacies(streams) {
		if left.isReady() {
			heirs[left.heir] = append(heirs[left.heir], left)
		} else {
			left.letGo()
		}
	}
	if len(heirs) == 0 {
		c.Drop()
		return nil
	}
	for _, before := range s.Clusters() {
		c.clusters = append(c.clusters, c.adopt(before, heirs[before]))
	}
	return c
}

// legacy is what a relay that is gone has left of one target.
type legacy struct {
	overflow.Meta                          // of one of its streams
	streams       map[int]*overflow.Stream // by lane
	heir          *Cluster
	at            location
	target        *target // here, of an adoption before; nil: there is none
}

// legacies puts together what was left of each target.
func (s *Sender) legacies(streams []*overflow.Stream) (all []*legacy) {
	for _, stream := range streams {
		of := stream.Meta()
		if s.Refuses(of) != nil {
			stream.Close()
			continue
		}
		i := slices.IndexFunc(all, func(l *legacy) bool {
			return l.Owner == of.Owner && l.Target == of.Target && l.Lanes == of.Lanes
		})
		if i < 0 {
			i = len(all)
			all = append(all, s.newLegacy(of))
		}
		all[i].streams[of.Lane] = stream
	}
	return all
}

func (s *Sender) newLegacy(of overflow.Meta) *legacy {
	backend, at := parseID(of.Target)
	l := &legacy{Meta: of, streams: make(map[int]*overflow.Stream), heir: s.cluster(backend), at: at}
	l.at.relay = of.Owner
	if l.heir.ring == nil {
		l.at.addresses = l.heir.targets[0].role.Load().addresses
	}
	id := l.at.id(backend)
	for _, t := range s.leaving() {
		if t.id == id {
			l.target = t
		}
	}
	return l
}

// isReady reports whether it can be taken over now. A target of an adoption before may
// have to be gone first: its points go another way than these should.
func (l *legacy) isReady() bool {
	if l.target == nil {
		return true
	}
	if isClosed(l.target.retired) || len(l.target.lanes) != l.Lanes {
		return false
	}
	onward := l.target.role.Load().onward
	if onward == nil {
		return l.drains()
	}
	way, layered := onward.way.(*layerWay)
	return layered && !l.drains() && slices.Contains(l.heir.layers, way.layer)
}

// letGo gives the leases up.
func (l *legacy) letGo() {
	for _, stream := range l.streams {
		stream.Close()
	}
}

// drains reports whether it goes to the address that it was for, whoever owns its series
// now: items that another hash has placed cannot be placed anew.
func (l *legacy) drains() bool {
	c := l.heir
	return c.ring != nil && (c.section.OnRemove == onRemoveDrain || l.Hash != c.hash.String())
}

// isStandIn reports whether the target stood in for a node: what it has goes where it was
// to go, which was not for the ring to say.
func (l *legacy) isStandIn() bool { return strings.Contains(l.at.node, standsInFor) }

// placing returns by which routing the points came into the streams; without nodes if that
// is not known.
func (l *legacy) placing() backendRouting {
	var all routing
	_ = jsoniter.Unmarshal(l.Routing, &all) // what is not understood has no backends
	for _, of := range all.Backends {
		if of.Name == l.heir.name && of.check() == nil {
			return backendRouting{Name: of.Name, Lanes: l.Lanes, Encoding: of.Encoding, Hash: of.Hash, Replicas: of.Replicas, Nodes: of.Nodes}
		}
	}
	return backendRouting{Name: l.heir.name, Lanes: l.Lanes, Encoding: l.Encoding}
}

func (l *legacy) isPlacedAs(other *legacy) bool {
	return l.Owner == other.Owner && l.Lanes == other.Lanes && l.Hash == other.Hash && bytes.Equal(l.Routing, other.Routing)
}

// adopt returns the cluster with what was left of its backend; the same one where no
// target is new.
func (c *Change) adopt(before *Cluster, all []*legacy) *Cluster {
	var estates [][]*legacy // of which all was placed alike
	for _, left := range all {
		c.adopted = append(c.adopted, left)
		if left.target != nil {
			continue
		}
		i := slices.IndexFunc(estates, func(e []*legacy) bool { return e[0].isPlacedAs(left) })
		if i < 0 {
			i = len(estates)
			estates = append(estates, nil)
		}
		estates[i] = append(estates[i], left)
	}
	if len(estates) == 0 {
		return before
	}
	layers := slices.DeleteFunc(slices.Clone(before.layers), (*layer).isOver)
	for _, estate := range estates {
		layers = append(layers, c.settle(before, estate)...)
	}
	return before.again(layers)
}

// settle makes former targets of what was placed alike, and returns the layers through
// which they move it. A target that its routing does not know may have had any series.
func (c *Change) settle(heir *Cluster, estate []*legacy) (layers []*layer) {
	s, then := c.sender, estate[0].placing()
	placed := then.buildFor(heir)
	var known, unknown, draining []*target
	for _, left := range estate {
		t := newTarget(plan{Backend: heir.Backend, Rules: heir.rules}, heir.section, left.at, left.Lanes, s.shared)
		c.fresh = append(c.fresh, t)
		left.target = t
		_, _, found := then.find(t.id)
		switch {
		case left.drains():
			draining = append(draining, t)
		case placed != nil && found:
			known = append(known, t)
		case left.isStandIn():
			draining = append(draining, t)
		default:
			unknown = append(unknown, t)
		}
	}
	if len(draining) > 0 {
		c.leaving = append(c.leaving, leaving{before: heir, targets: draining})
	}
	if len(known) > 0 {
		layers = append(layers, c.part(heir, s.newLayer(then, placed, known), known))
	}
	for _, t := range unknown {
		layers = append(layers, c.part(heir, s.newLayer(then, nil, []*target{t}), []*target{t}))
	}
	return layers
}

// part notes that the targets leave by the layer.
func (c *Change) part(heir *Cluster, y *layer, targets []*target) *layer {
	c.leaving = append(c.leaving, leaving{before: heir, targets: targets, layer: y})
	return y
}

// again returns the cluster anew with other layers: which slots one has never changes.
func (c *Cluster) again(layers []*layer) *Cluster {
	now := &Cluster{
		Backend: c.Backend, name: c.name, section: c.section, rules: c.rules, ring: c.ring, hash: c.hash,
		nodes: c.nodes, targets: c.targets, lanes: c.lanes, slots: c.slots,
	}
	now.pass(layers)
	now.handOver(c.running())
	return now
}
