package main

import (
	"errors"

	"transfer/g/stat"
)

// errNotLive is answered to every change that only a restart brings about.
var errNotLive = errors.New("this version reads its configuration only at start: change the file and restart the relay")

// Units implements http.Relay.
func (v *view) Units() []stat.Unit {
	units := v.service.listeners()
	for _, t := range v.Targets() {
		units = append(units, stat.Unit{
			ID: t.ID, Kind: stat.KindTarget, Backend: t.Backend, Node: t.Node, Address: t.Address,
			State: unitState(t.State), Error: t.Error,
		})
	}
	return units
}

// listeners returns the units of the enabled listeners.
func (s *Service) listeners() (units []stat.Unit) {
	for _, d := range append([]door{s.admin}, s.doors...) {
		if u, ok := d.(interface{ Unit() stat.Unit }); ok { // /api/push has none: it is part of the admin server's
			units = append(units, u.Unit())
		}
	}
	return units
}

// unitState returns the state of a unit whose target is in the state.
func unitState(target string) string {
	switch target {
	case stat.StateUp:
		return stat.UnitUp
	case stat.StateDown:
		return stat.UnitProbing
	}
	return stat.UnitStarting
}

// Loaded implements http.Relay.
func (v *view) Loaded() stat.Loaded { return stat.Loaded{At: v.service.started} }

// Reload implements http.Relay.
func (*view) Reload(bool) (stat.Reloaded, error) { return stat.Reloaded{}, errNotLive }

// AddNode implements http.Relay.
func (*view) AddNode(string, string, []string, bool) error { return errNotLive }

// RemoveNode implements http.Relay.
func (*view) RemoveNode(string, string, string, bool) error { return errNotLive }

// DrainNode implements http.Relay.
func (*view) DrainNode(string, string) error { return errNotLive }

// ResumeNode implements http.Relay.
func (*view) ResumeNode(string, string) error { return errNotLive }
