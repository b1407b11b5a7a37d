package main

import (
	"context"
	"fmt"
	"time"

	"transfer/g/stat"
)

// Units implements http.Relay.
func (v *view) Units() []stat.Unit {
	units := v.service.listeners.units()
	conf := v.service.conf.Load()
	for _, t := range v.Targets() {
		e := conf.edits.of(t.Backend, t.Node)
		if t.State == stat.StateGone && (e == nil || e.kind != nodeDrained) {
			continue // it has ended; one that is drained may be resumed
		}
		units = append(units, stat.Unit{
			ID: t.ID, Kind: stat.KindTarget, Backend: t.Backend, Node: t.Node, Address: t.Address,
			State: unitState(t.State), Error: t.Error, Differs: difference(&t, e),
		})
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
	case stat.StateLeaving:
		return stat.UnitDraining
	case stat.StateGone:
		return stat.UnitStopped
	}
	return stat.UnitStarting
}

// difference says how a target differs from the file; e is the edit of its node, nil if
// there is none.
func difference(t *stat.Target, e *edit) string {
	var why string
	switch {
	case t.LeftBy != "":
		why = "left by relay " + t.LeftBy
	case t.StandsInFor != "":
		why = "stands in for " + t.StandsInFor
	case e != nil:
		why = e.kind.String() + " by the API"
	}
	if t.State != stat.StateLeaving {
		return why
	}
	if why == "" || e != nil && e.kind == nodeAdded { // it is another address that was added
		why = "not in the file"
	}
	return fmt.Sprintf("%s: %d points on their way out", why, t.Queued)
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
	return v.service.edit(backend, manner{force: force}, func(c *configuration) (edits, error) { return c.add(backend, name, addresses) })
}

// goneWithin is how long a call that removes a node waits for its end. What has more to
// hand over goes on with that behind the reply, which says so.
const goneWithin = 2 * time.Second

// RemoveNode implements http.Relay.
func (v *view) RemoveNode(backend, name, mode string, force bool) error {
	how := manner{force: force, leave: map[string]string{backend: mode}}
	err := v.service.edit(backend, how, func(c *configuration) (edits, error) { return c.remove(backend, name) })
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), goneWithin)
	defer cancel()
	v.service.sender.AwaitGone(ctx, backend, name)
	return nil
}

// DrainNode implements http.Relay.
func (v *view) DrainNode(backend, name string) error {
	how := manner{force: true, leave: map[string]string{backend: onRemoveDrain}}
	return v.service.edit(backend, how, func(c *configuration) (edits, error) { return c.drain(backend, name) })
}

// ResumeNode implements http.Relay.
func (v *view) ResumeNode(backend, name string) error {
	return v.service.edit(backend, manner{force: true}, func(c *configuration) (edits, error) { return c.resume(backend, name) })
}
