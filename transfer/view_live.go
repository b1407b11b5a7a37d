package main

import (
	"fmt"

	"transfer/g/stat"
)

// Units implements http.Relay.
func (v *view) Units() []stat.Unit {
	units := v.service.listeners.units()
	conf := v.service.conf.Load()
	for _, t := range v.Targets() {
		unit := stat.Unit{
			ID: t.ID, Kind: stat.KindTarget, Backend: t.Backend, Node: t.Node, Address: t.Address,
			State: unitState(t.State), Error: t.Error,
		}
		conf.tellDifference(&unit, &t)
		units = append(units, unit)
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

// tellDifference fills in how a target differs from the file. One that is not in force
// any more drains.
func (c *configuration) tellDifference(u *stat.Unit, t *stat.Target) {
	switch e := c.edits.of(t.Backend, t.Node); {
	case !has(c.inForce, t):
		u.State = stat.UnitDraining
		u.Differs = fmt.Sprintf("not in the file: %d points on their way out", t.Queued)
		if e != nil {
			u.Differs = fmt.Sprintf("%s by the API: %d points on their way out", e.kind, t.Queued)
		}
	case e != nil:
		u.Differs = e.kind.String() + " by the API"
	}
}

// Loaded implements http.Relay.
func (v *view) Loaded() stat.Loaded {
	conf := v.service.conf.Load()
	l := stat.Loaded{Hash: conf.hash, At: conf.since}
	v.service.reloads.tell(&l)
	return l
}

// Reload implements http.Relay.
func (v *view) Reload(force bool) (stat.Reloaded, error) { return v.service.Reload(force) }

// AddNode implements http.Relay.
func (v *view) AddNode(backend, name string, addresses []string, force bool) error {
	return v.service.edit(manner{force: force}, func(c *configuration) (edits, error) { return c.add(backend, name, addresses) })
}

// RemoveNode implements http.Relay.
func (v *view) RemoveNode(backend, name, mode string, force bool) error {
	how := manner{force: force, leave: map[string]string{backend: mode}}
	return v.service.edit(how, func(c *configuration) (edits, error) { return c.remove(backend, name) })
}

// DrainNode implements http.Relay.
func (v *view) DrainNode(backend, name string) error {
	how := manner{force: true, leave: map[string]string{backend: onRemoveDrain}}
	return v.service.edit(how, func(c *configuration) (edits, error) { return c.drain(backend, name) })
}

// ResumeNode implements http.Relay.
func (v *view) ResumeNode(backend, name string) error {
	return v.service.edit(manner{force: true}, func(c *configuration) (edits, error) { return c.resume(backend, name) })
}
