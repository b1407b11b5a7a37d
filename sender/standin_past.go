package sender

import "slices"

// At a start, stand-ins that an earlier process left are on their way home: the node's
// points go through them as long as something is left there.

// needOwners adds to left the targets for which the stand-ins stand in and that are not
// configured any more: whatever is left with these has to pass them.
func (s *Sender) needOwners(standIns []*TargetState, past *State, left map[string]*TargetState) {
	for _, in := range standIns {
		owner := in.StandsInFor
		if s.target(owner) != nil || left[owner] != nil {
			continue
		}
		left[owner] = &TargetState{ID: owner, Lanes: make([]LaneState, len(in.Lanes))}
		for i := range past.Targets {
			if past.Targets[i].ID == owner {
				left[owner] = &past.Targets[i]
			}
		}
	}
}

// takeStandIns makes targets of the stand-ins of the past, in the order in which they are
// stored: each behind those to which its points may have to go.
func (s *Sender) takeStandIns(states []*TargetState) {
	for _, state := range states {
		owner := s.target(state.StandsInFor)
		_, at := parseID(state.ID)
		if owner == nil || len(at.addresses) == 0 {
			continue // what it left stays where it is
		}
		now := owner.role.Load()
		t := newTarget(plan{Backend: now.backend, Rules: now.rules}, now.section, at, max(1, len(state.Lanes)), s.shared)
		t.standsFor = owner
		r := &relief{backend: now.section.Name, node: owner.node, owners: []*target{owner}, homeward: true, final: true}
		if before := owner.relief.Load(); before != nil {
			r.closed = slices.Clone(before.closed)
		}
		r.closed = append(r.closed, &standIn{targets: []*target{t}})
		owner.relief.Store(r)
		s.formers = append(s.formers, t)
		s.goHome([]*target{t})
	}
}
