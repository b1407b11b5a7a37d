package sender

import (
	"slices"
	"time"
)

// awayInterval is how often it is looked which nodes are away.
const awayInterval = 500 * time.Millisecond

// watchNodes lets other nodes stand in for those that are away, where the backend's
// section asks for it, until stop is closed.
func (s *Sender) watchNodes(stop <-chan struct{}) {
	ticker := time.NewTicker(awayInterval)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			s.lookAtNodes(s.shared.now())
		}
	}
}

// lookAtNodes does for each node what its state asks for. It does nothing while the
// configuration changes.
func (s *Sender) lookAtNodes(now time.Time) {
	if !s.changing.TryLock() {
		return
	}
	defer s.changing.Unlock()
	changed := false
	for _, c := range s.Clusters() {
		if !c.relieved || isClosed(s.drain) {
			continue
		}
		for away := range c.nodes {
			changed = s.relieve(c, away, now) || changed
		}
	}
	for _, t := range s.leaving() {
		if r := t.relief.Load(); r != nil && r.isOver() {
			r.put(nil)
			changed = true
		}
	}
	if changed {
		s.renewDetours()
	}
}

// renewDetours makes points go to where they belong now.
func (s *Sender) renewDetours() {
	for _, c := range s.Clusters() {
		if c.detours != nil {
			c.detours.renew()
		}
	}
}

// relieve does for a node what its state asks for, and reports whether points go
// elsewhere from now on.
func (s *Sender) relieve(c *Cluster, away int, now time.Time) bool {
	node := c.nodes[away]
	r := reliefOf(node)
	switch {
	case r == nil:
		return c.failsOver() && areDown(node) && s.beginRelief(c, away)
	case r.homeward && r.isOver():
		r.put(nil)
		return true
	case r.homeward:
		return !r.final && areDown(node) && s.resumeRelief(c, away, r)
	case areGood(node, s.shared.homeGood, now):
		s.endRelief(r)
		return true
	}
	return s.changeRelief(c, away, r)
}

// beginRelief makes all nodes stand in for one that is away that can.
func (s *Sender) beginRelief(c *Cluster, away int) bool {
	names := c.ring.Nodes()
	r := &relief{backend: c.name, node: names[away], owners: c.nodes[away], ring: c.ring, open: make([]*standIn, len(names))}
	var fresh []*standIn
	for node := range names {
		if s.mayStandIn(c, node, away) {
			r.open[node] = s.newStandIn(c, node, away)
			fresh = append(fresh, r.open[node])
		}
	}
	if len(fresh) == 0 || !s.employ(fresh, nil, r) {
		return false
	}
	s.shared.log.Warn("node is down, others stand in for it", "backend", c.name, "node", r.node, "standIns", len(fresh))
	return true
}

// endRelief sends home what the stand-ins have.
func (s *Sender) endRelief(r *relief) {
	home := *r
	home.homeward = true
	targets := r.targets()
	s.mu.Lock()
	home.put(&home)
	s.formers = append(slices.Clip(s.formers), targets...)
	s.mu.Unlock()
	s.goHome(targets)
	s.shared.log.Info("node is back, its stand-ins return what they have left", "backend", r.backend, "node", r.node)
}

// resumeRelief makes stand-ins that were on their way home take points again. Those of
// which nothing was left begin anew.
func (s *Sender) resumeRelief(c *Cluster, away int, before *relief) bool {
	r := *before
	r.homeward, r.open, r.closed = false, slices.Clone(before.open), nil
	for _, in := range before.closed {
		if in = in.unretired(); in != nil {
			r.closed = append(r.closed, in)
		}
	}
	for node, in := range r.open {
		if in != nil {
			r.open[node] = in.unretired()
		}
	}
	kept := r.targets()
	var fresh []*standIn
	for node, in := range before.open {
		if in != nil && r.open[node] == nil && s.mayStandIn(c, node, away) {
			r.open[node] = s.newStandIn(c, node, away)
			fresh = append(fresh, r.open[node])
		}
	}
	if !s.employ(fresh, kept, &r) {
		return false
	}
	s.shared.log.Warn("node is down again, others stand in for it", "backend", r.backend, "node", r.node)
	return true
}

// changeRelief closes stand-ins that are down themselves. When none is left open, it opens
// one again that is up: the one that was closed last, or one that has nothing left.
func (s *Sender) changeRelief(c *Cluster, away int, before *relief) bool {
	r := *before
	r.open, r.closed = slices.Clone(before.open), slices.Clone(before.closed)
	isDown := func(in *standIn) bool { return in.isDown() || areDown(c.nodes[in.node]) }
	changed := false
	for node, in := range r.open {
		if in != nil && isDown(in) {
			r.open[node], changed = nil, true
			r.closed = append(r.closed, in)
			s.shared.log.Warn("a stand-in is down too", "backend", r.backend, "node", r.node, "standIn", c.ring.Nodes()[node])
		}
	}
	var fresh []*standIn
	if !slices.ContainsFunc(r.open, func(in *standIn) bool { return in != nil }) {
		fresh = s.reopen(c, away, &r, isDown)
		changed = changed || slices.ContainsFunc(r.open, func(in *standIn) bool { return in != nil })
	}
	return changed && s.employ(fresh, nil, &r)
}

// reopen opens a stand-in of a relief that has none open, if one can be, and returns it
// if it is new. Whatever a series has elsewhere is older than what the chosen one has of
// it.
func (s *Sender) reopen(c *Cluster, away int, r *relief, isDown func(*standIn) bool) (fresh []*standIn) {
	last := len(r.closed) - 1
	for i, in := range slices.Backward(r.closed) {
		if !isDown(in) && (i == last || in.isEmpty()) {
			r.open[in.node] = in
			r.closed = slices.Delete(r.closed, i, i+1)
			return nil
		}
	}
	for node := range c.nodes {
		if s.mayStandIn(c, node, away) {
			r.open[node] = s.newStandIn(c, node, away)
			return []*standIn{r.open[node]}
		}
	}
	return nil
}
