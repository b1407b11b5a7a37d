package sender

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"transfer/g"
)

const (
	// onDownFailover is the value of onDown with which others stand in for a node.
	onDownFailover = "failover"
	// homeGood is how long a node that was away must be good until its stand-ins go.
	homeGood = 30 * time.Second
	// standsInFor joins the names of a node and of the one that stands in for it.
	standsInFor = "@"
)

// failsOver reports whether other nodes take the points of one that is away.
func (c *Cluster) failsOver() bool { return c.ring != nil && c.section.OnDown == onDownFailover }

// checkFailover makes sure that what the section says goes together with failover.
func checkFailover(section *g.Backend) error {
	if section.OnDown != onDownFailover {
		return nil
	}
	if section.ProbeInterval == 0 {
		return fmt.Errorf(`%s.onDown: nothing tells when a node is back that gets no points; set %s.probeInterval, or onDown to "wait"`, section.Name, section.Name)
	}
	for _, n := range section.Nodes {
		if strings.Contains(n.Name, standsInFor) {
			return fmt.Errorf(`%s.cluster.%s: with "onDown": "failover" no name may have %q in it; rename the node, or set onDown to "wait"`, section.Name, n.Name, standsInFor)
		}
	}
	return nil
}

// areDown reports whether none of the targets can be reached.
func areDown(targets []*target) bool {
	return !slices.ContainsFunc(targets, func(t *target) bool { return !t.role.Load().hops.areDown() })
}

// areGood reports whether one of the targets has been good for d.
func areGood(targets []*target, d time.Duration, now time.Time) bool {
	return slices.ContainsFunc(targets, func(t *target) bool { return t.role.Load().hops.areGood(d, now) })
}

// standing returns the targets of the stand-ins that send to their addresses. s.mu is
// held.
func (s *Sender) standing() (all []*target) {
	for _, c := range s.clusters {
		all = append(all, c.standIns()...)
	}
	return all
}

// standIns returns the targets of the stand-ins that send to their addresses.
func (c *Cluster) standIns() (all []*target) {
	for _, node := range c.nodes {
		if r := reliefOf(node); r != nil && !r.homeward {
			all = append(all, r.targets()...)
		}
	}
	return all
}

// mayStandIn reports whether the node can take the points of the other one: it has as
// many addresses, is up, and nothing is left of when it did so before.
func (s *Sender) mayStandIn(c *Cluster, node, away int) bool {
	if node == away || len(c.nodes[node]) != len(c.nodes[away]) || areDown(c.nodes[node]) {
		return false
	}
	for _, at := range c.standInPlaces(node, away) {
		if s.target(at.id(c.name)) != nil {
			return false
		}
	}
	return true
}

// standInPlaces returns where the targets are by which the node stands in for another.
func (c *Cluster) standInPlaces(node, away int) (places []location) {
	names := c.ring.Nodes()
	for _, t := range c.nodes[node] {
		places = append(places, location{node: names[away] + standsInFor + names[node], addresses: []string{t.address()}})
	}
	return places
}

// newStandIn makes the targets by which the node stands in for another. They do not send
// yet.
func (s *Sender) newStandIn(c *Cluster, node, away int) *standIn {
	in := &standIn{node: node}
	for i, at := range c.standInPlaces(node, away) {
		t := newTarget(plan{Backend: c.Backend, Rules: c.rules}, c.section, at, c.lanes, s.shared)
		t.standsFor = c.nodes[away][i]
		t.role.Load().hops.inherit(c.nodes[node][i].role.Load().hops)
		in.targets = append(in.targets, t)
	}
	return in
}

// employ makes new stand-ins send, and targets that were on their way home do so again, and
// now the relief of its node. It does nothing, and returns false, once a stop has begun.
func (s *Sender) employ(fresh []*standIn, back []*target, now *relief) bool {
	s.starting.Lock()
	defer s.starting.Unlock()
	var targets []*target
	for _, in := range fresh {
		targets = append(targets, in.targets...)
	}
	if isClosed(s.drain) {
		s.giveUp(targets)
		return false
	}
	s.mu.Lock()
	for _, t := range targets {
		s.forget(t.id)
	}
	now.put(now)
	mine := now.targets()
	s.formers = slices.DeleteFunc(slices.Clone(s.formers), func(t *target) bool { return slices.Contains(mine, t) })
	s.mu.Unlock()
	for _, t := range targets {
		s.run(t)
	}
	for _, t := range back {
		s.takeBack(t, t.role.Load().again())
	}
	return true
}

// goHome makes stand-ins give back what they have: to the targets for which they stand
// in, or where these only drain, to their own addresses.
func (s *Sender) goHome(targets []*target) {
	for _, t := range targets {
		r := t.role.Load().again()
		if t.standsFor.role.Load().drains {
			r.drains = true
		} else {
			r.onward = &onward{way: homeWay{t}, now: s.shared.now}
		}
		t.turn(r)
	}
}

// dismiss ends for good what the stand-ins of a cluster take, since its nodes change, and
// returns their targets that are not on their way home yet. s.mu is held; goHome follows.
func dismiss(c *Cluster) (targets []*target) {
	for _, node := range c.nodes {
		r := reliefOf(node)
		if r == nil {
			continue
		}
		if !r.homeward {
			targets = append(targets, r.targets()...)
		}
		closed := r.allClosed()
		closed.homeward, closed.final = true, true
		r.put(closed)
	}
	return targets
}
