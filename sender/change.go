package sender

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"transfer/g"
	"transfer/g/stat"
	"transfer/sender/ring"
)

// Change is another configuration of a Sender that runs, built and not yet in force.
type Change struct {
	sender   *Sender
	minStep  int
	budget   int64
	clusters []*Cluster
	fresh    []*target         // that are not there yet
	turns    map[*target]*role // of those that stay or come back
	leaving  []leaving
	adopted  []*legacy
}

// leaving are the targets of a backend that the change leaves out.
type leaving struct {
	before  *Cluster
	targets []*target
	layer   *layer // nil: they drain to their addresses
}

// Plan builds what cfg changes of the targets. It changes nothing, dials nothing and
// starts nothing: Apply or Drop must follow, and no other Plan comes before. An error
// names the key at fault, and nothing is to be dropped then.
func (s *Sender) Plan(cfg *g.Config) (_ *Change, err error) {
	s.changing.Lock()
	c := &Change{sender: s, minStep: cfg.MinStep, budget: int64(cfg.MemoryLimit) / 2, turns: make(map[*target]*role)}
	defer func() {
		if err != nil {
			c.Drop()
		}
	}()
	for _, k := range s.kinds {
		section := cfg.Backend(k.name)
		if section == nil {
			continue
		}
		if err := c.plan(k, section, cfg.MinStep); err != nil {
			return nil, fmt.Errorf("%s: %w", cfg.Path, err)
		}
	}
	for _, before := range s.Clusters() {
		if cfg.Backend(before.name) == nil {
			c.leaving = append(c.leaving, leaving{before: before, targets: before.targets})
		}
	}
	return c, nil
}

// plan builds the cluster of one backend.
func (c *Change) plan(k kind, section *g.Backend, minStep int) error {
	s := c.sender
	before := s.cluster(k.name)
	if before == nil {
		now, err := newCluster(k, section, minStep, s.shared)
		if err == nil {
			c.clusters = append(c.clusters, now)
			c.fresh = append(c.fresh, now.targets...)
		}
		return err
	}
	if minStep == s.shared.minStep && reflect.DeepEqual(section, before.section) {
		c.clusters = append(c.clusters, before)
		return nil
	}
	p, err := k.build(section, minStep)
	if err != nil {
		return err
	}
	if p.Encoding != before.rules.Encoding {
		return fmt.Errorf("%s: cannot change the form of what waits from %q to %q while the relay runs: restart it", section.Name, before.rules.Encoding, p.Encoding)
	}
	now, places, err := planCluster(p, section)
	if err != nil {
		return err
	}
	if section.Lanes != before.section.Lanes {
		s.shared.log.Warn("the number of lanes stays what it is until the relay starts again", "backend", section.Name, "lanes", before.lanes)
	}
	have := c.having(before)
	for _, at := range places {
		if t := have[at.id(section.Name)]; t != nil && len(t.lanes) != before.lanes {
			return fmt.Errorf("%s: cannot have %s back while what it left in another number of lanes moves: wait until it is gone", section.Name, t.id)
		}
	}
	now.fill(p, places, before.lanes, c.maker(have, section))
	c.leave(before, now)
	c.clusters = append(c.clusters, now)
	return nil
}

// having returns the targets that there are, configured and former ones, by id.
func (c *Change) having(before *Cluster) map[string]*target {
	have := make(map[string]*target)
	for _, t := range slices.Concat(c.sender.leaving(), before.targets) {
		if !isClosed(t.retired) { // or else it is gone for good
			have[t.id] = t
		}
	}
	return have
}

// maker returns the maker of a cluster that keeps the targets that there are.
func (c *Change) maker(have map[string]*target, section *g.Backend) maker {
	return func(p plan, at location, lanes int) *target {
		t := have[at.id(section.Name)]
		if t == nil {
			t = newTarget(p, section, at, lanes, c.sender.shared)
			c.fresh = append(c.fresh, t)
		} else if r := newRole(p, section, at.addresses); !t.role.Load().suits(r) {
			c.turns[t] = r
		}
		return t
	}
}

// leave makes a layer of the targets that are not in the cluster of now, and gives it the
// layers of which something is left.
func (c *Change) leave(before, now *Cluster) {
	s := c.sender
	var layers []*layer
	for _, y := range before.layers {
		for t := range c.turns {
			y = y.without(t)
		}
		if !y.isOver() {
			layers = append(layers, y)
		}
	}
	l := leaving{before: before}
	for _, t := range before.targets {
		if !slices.Contains(now.targets, t) {
			l.targets = append(l.targets, t)
		}
	}
	if len(l.targets) > 0 && now.ring != nil && now.section.OnRemove != onRemoveDrain && now.hash == before.hash {
		l.layer = s.newLayer(before.routing(), before.ring, l.targets)
		layers = append(layers, l.layer)
	}
	if len(l.targets) > 0 {
		c.leaving = append(c.leaving, l)
	}
	now.pass(layers)
	now.handOver(handoffsAfter(now, before.running(), before.routing(), before.ring, s.shared.now()))
}

// onRemoveDrain is the value of onRemove with which a target drains to its address.
const onRemoveDrain = "drain"

// Clusters returns the backends that will be enabled. They belong to the Sender; points
// may be put into them once Apply has begun.
func (c *Change) Clusters() []*Cluster { return c.clusters }

// Routing is what Sender.Routing will return.
func (c *Change) Routing() []byte { return routingOf(c.clusters) }

// Moves returns which part of all series changes its node, 0 to 1, for each backend that
// has a ring before and after.
func (c *Change) Moves() map[string]float64 {
	moves := make(map[string]float64)
	for _, now := range c.clusters {
		before := c.sender.cluster(now.name)
		if before == nil || before.ring == nil || now.ring == nil {
			continue
		}
		if moves[now.name] = 0; before != now {
			moves[now.name] = ring.Moved(before.ring, now.ring)
		}
	}
	return moves
}

// Drop gives the Change up.
func (c *Change) Drop() {
	defer c.sender.changing.Unlock()
	c.sender.giveUp(c.fresh)
	for _, left := range c.adopted {
		left.letGo()
	}
}

// giveUp lets go of targets that were built and never run.
func (s *Sender) giveUp(targets []*target) {
	var errs []error
	for _, t := range targets {
		t.queue.Close()
		if t.spooler != nil {
			errs = append(errs, t.spooler.close())
		}
	}
	if err := errors.Join(errs...); err != nil {
		s.shared.log.Warn("cannot close the spools of targets that were given up", "error", err)
	}
}

// Apply puts the Change in force. Nobody may be within Cluster.Put meanwhile, and nothing
// may be put into the clusters of before afterwards. It does no I/O.
func (c *Change) Apply() {
	s := c.sender
	defer s.changing.Unlock()
	s.shared.minStep = c.minStep
	s.shared.budget.SetLimit(c.budget)
	s.mu.Lock()
	for _, l := range c.leaving {
		s.formers = append(slices.Clip(s.formers), l.targets...)
	}
	dismissed := c.dismiss()
	s.formers = append(slices.Clip(s.formers), dismissed...)
	s.clusters, s.routing = c.clusters, routingOf(c.clusters)
	s.formers = slices.DeleteFunc(slices.Clone(s.formers), func(t *target) bool { return c.turns[t] != nil })
	for _, t := range c.fresh {
		s.forget(t.id)
	}
	s.mu.Unlock()
	for _, now := range c.clusters {
		s.now(now.name).is.Store(now)
	}
	for _, l := range c.leaving {
		for _, t := range l.targets {
			s.leave(t, l.before, l.layer)
		}
	}
	for t, r := range c.turns {
		s.takeBack(t, r)
	}
	s.goHome(dismissed)
	for _, left := range c.adopted {
		s.hand(left)
	}
	s.renewDetours()
	for _, t := range c.fresh {
		s.run(t)
	}
}

// dismiss ends what stand-ins take where nodes change, or nobody is to stand in any more,
// and returns their targets. Those of other clusters that change get the new manner.
func (c *Change) dismiss() (targets []*target) {
	for _, before := range c.sender.clusters {
		i := slices.IndexFunc(c.clusters, func(now *Cluster) bool { return now.name == before.name })
		if i < 0 || !c.clusters[i].failsOver() || !c.clusters[i].routing().equal(before.routing()) {
			targets = append(targets, dismiss(before)...)
			continue
		}
		now := c.clusters[i]
		for _, t := range before.standIns() {
			r := newRole(plan{Backend: now.Backend, Rules: now.rules}, now.section, t.role.Load().addresses)
			if !t.role.Load().suits(r) {
				t.turn(r)
			}
		}
	}
	return targets
}

// forget forgets what is shown and stored of a former target that is configured anew.
func (s *Sender) forget(id string) {
	s.gone = slices.DeleteFunc(slices.Clone(s.gone), func(row stat.Target) bool { return row.ID == id })
	s.past = slices.DeleteFunc(slices.Clone(s.past), func(t TargetState) bool { return t.ID == id })
}
