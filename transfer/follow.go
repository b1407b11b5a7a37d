package main

import (
	"fmt"
	"slices"

	"transfer/g/stat"
	"transfer/transfer/topology"
)

// sharedRings is the Service as it follows the shared topology: a version goes the way of
// a reload, by the same checks and the same hand-over.
type sharedRings struct{ service *Service }

// Check implements topology.Relay.
func (r sharedRings) Check(d *topology.Document) error {
	s := r.service
	s.changing.Lock()
	defer s.changing.Unlock()
	if s.phase.Load() != ready {
		return errNotReady
	}
	targets, err := s.planTargets(s.config(), s.conf.Load().with(d).inForce, manner{force: d.Forced})
	if err != nil {
		return hinted(err)
	}
	targets.drop()
	return nil
}

// Switch implements topology.Relay.
func (r sharedRings) Switch(d *topology.Document) (changed []string, err error) {
	s := r.service
	s.changing.Lock()
	defer s.changing.Unlock()
	was := s.conf.Load()
	next := was.with(d)
	if changed, err = s.apply(next, manner{force: d.Forced}); err != nil {
		return nil, hinted(err)
	}
	for _, e := range was.edits {
		if d.Names(e.backend) {
			changed = append(changed, "dropped, since the shared topology does not have it: "+e.String())
		}
	}
	if was.shared == nil {
		s.tellUnused()
	}
	return changed, nil
}

// hinted adds what helps against maxMove here.
func hinted(err error) error {
	if isMaxMove(err) {
		return fmt.Errorf("%w; here that is transfer topology set --force", err)
	}
	return err
}

// Rings implements topology.Relay.
func (r sharedRings) Rings() map[string]string {
	all := make(map[string]string)
	if r.service.sender == nil { // it is not built yet
		return all
	}
	for _, ring := range r.service.sender.Rings() {
		all[ring.Backend] = ring.Fingerprint
	}
	return all
}

// tellUnused says in the log what of the file is not in force.
func (s *Service) tellUnused() {
	for _, warning := range s.conf.Load().unused() {
		s.log.Warn("configuration: " + warning)
	}
}

// siteTroubles returns what is amiss with what relays share. No acknowledged point is in
// danger by it.
func (s *Service) siteTroubles() []string {
	if s.site == nil {
		return nil
	}
	return slices.Concat(s.site.follower.Troubles(), s.overflowTroubles(), s.strandings())
}

// Topology implements http.Relay.
func (v *view) Topology() stat.Topology {
	if v.service.site == nil {
		return stat.Topology{State: stat.FollowingNone}
	}
	return v.service.site.follower.Topology()
}

// Peers implements http.Relay.
func (v *view) Peers() stat.Peers {
	if v.service.site == nil {
		return stat.Peers{Agree: true, Differences: []string{}, Relays: []stat.Peer{}}
	}
	return v.service.site.follower.Peers()
}
