package sender

import (
	"slices"

	"transfer/sender/queue"
	"transfer/sender/ring"
)

// relief is who takes the new points of a node that is away: its stand-ins. It never
// changes; another one takes its place.
//
// Each series goes to one open stand-in, always the same. One that goes down itself is
// closed: its series go to another open one, and what it has of them is older than what
// that one gets. So all that a series has in closed ones is older than what it has in
// the open one, and was left in the order in which these were closed. When the node is
// back, the points go the same way backwards: from the open ones to the one that was
// closed last, from each closed one to that before, and from the first one to the node,
// whose own backlog is the oldest. No series overtakes itself.
type relief struct {
	backend string
	node    string
	owners  []*target  // the node's addresses
	ring    *ring.Ring // by which a series chooses
	open    []*standIn // by the ring's node; nil: that one takes nothing
	closed  []*standIn // in the order in which they were closed
	// homeward says that what the stand-ins hold goes back.
	homeward bool
	// final says that they take no points any more, even if the node goes down again.
	final bool
}

// standIn is a node that takes the points of another one, at each of its addresses.
type standIn struct {
	node    int       // of the ring
	targets []*target // by address of the node that is away; nil: it has nothing
}

// at returns the target that stands in for that address; nil if there is none of which
// something is left.
func (s *standIn) at(address int) *target {
	if t := s.targets[address]; t != nil && !t.isGone() {
		return t
	}
	return nil
}

// all returns its targets.
func (s *standIn) all() []*target {
	return slices.DeleteFunc(slices.Clone(s.targets), func(t *target) bool { return t == nil })
}

// isDown reports whether none of its addresses can be used.
func (s *standIn) isDown() bool { return areDown(s.all()) }

// isEmpty reports whether nothing waits there.
func (s *standIn) isEmpty() bool {
	return !slices.ContainsFunc(s.all(), func(t *target) bool { return t.queue.Account().Queued > 0 })
}

// unretired returns the stand-in without the targets that were let go of, nil if that is
// all.
func (s *standIn) unretired() *standIn {
	other := &standIn{node: s.node, targets: slices.Clone(s.targets)}
	for i, t := range other.targets {
		if t != nil && isClosed(t.retired) {
			other.targets[i] = nil
		}
	}
	if len(other.all()) == 0 {
		return nil
	}
	return other
}

// standIns returns all of them, each behind those to which its points may have to go.
func (r *relief) standIns() []*standIn {
	all := slices.Clone(r.closed)
	for _, s := range r.open {
		if s != nil {
			all = append(all, s)
		}
	}
	return all
}

// targets returns those of all stand-ins in that order.
func (r *relief) targets() (all []*target) {
	for _, s := range r.standIns() {
		all = append(all, s.all()...)
	}
	return all
}

// isOver reports whether nothing is left with the stand-ins.
func (r *relief) isOver() bool {
	return !slices.ContainsFunc(r.targets(), func(t *target) bool { return !t.isGone() })
}

// chosen returns the open stand-in of the series, nil if there is none: the next node of
// the ring for that series, else the one behind that by name.
func (r *relief) chosen(hash uint32) *standIn {
	if len(r.open) == 0 {
		return nil
	}
	next := r.ring.Next(hash)
	for i := range r.open {
		if s := r.open[(next+i)%len(r.open)]; s != nil {
			return s
		}
	}
	return nil
}

// lane returns the lane of the series that is behind the first n closed stand-ins.
func (r *relief) lane(n, address int, hash uint32) *queue.Lane {
	for _, s := range slices.Backward(r.closed[:n]) {
		if t := s.at(address); t != nil {
			return t.laneOf(hash).blocks
		}
	}
	return r.owners[address].laneOf(hash).blocks
}

// entrance returns the lane into which points of the series go for the target: its own,
// or that of a stand-in.
func (t *target) entrance(hash uint32) *queue.Lane {
	r := t.relief.Load()
	if r == nil {
		return t.laneOf(hash).blocks
	}
	address := slices.Index(r.owners, t)
	if s := r.chosen(hash); s != nil {
		if t := s.at(address); t != nil {
			return t.laneOf(hash).blocks
		}
	}
	return r.lane(len(r.closed), address, hash)
}

// entranceBesides is entrance for points of a series that is another node's: no stand-in
// takes them. But of before the ring changed one may have older ones.
func (t *target) entranceBesides(hash uint32) *queue.Lane {
	if r := t.relief.Load(); r != nil && r.final {
		return t.entrance(hash)
	}
	return t.laneOf(hash).blocks
}

// isOver reports whether nothing is left of a former target, nor with its stand-ins.
func (t *target) isOver() bool { return t.isGone() && t.relief.Load() == nil }

// homeWay is the way of what a stand-in holds: back to the target for which it stands in.
type homeWay struct{ from *target }

// lanes implements way.
func (w homeWay) lanes() func(hash uint32) *queue.Lane {
	owner := w.from.standsFor
	r := owner.relief.Load()
	if r == nil {
		return func(hash uint32) *queue.Lane { return owner.laneOf(hash).blocks }
	}
	address := slices.Index(r.owners, owner)
	n := slices.IndexFunc(r.closed, func(s *standIn) bool { return s.targets[address] == w.from })
	if n < 0 {
		n = len(r.closed)
	}
	return func(hash uint32) *queue.Lane { return r.lane(n, address, hash) }
}

// allClosed returns the relief with none open: the points of all series go to the one that was
// closed last.
func (r *relief) allClosed() *relief {
	other := *r
	other.open, other.closed = nil, r.standIns()
	return &other
}

// put makes r the relief of its node; nil ends it.
func (r *relief) put(now *relief) {
	for _, t := range r.owners {
		t.relief.Store(now)
	}
}

// reliefOf returns the relief of the node with the addresses, nil if there is none.
func reliefOf(node []*target) *relief {
	for _, t := range node {
		if r := t.relief.Load(); r != nil {
			return r
		}
	}
	return nil
}
