package main

import (
	"errors"
	"fmt"
	"net"

	"transfer/g"
)

// listening is a change of the listeners that is bound and not carried out yet: apply
// or drop must follow.
type listening struct {
	of    *listeners
	cfg   *g.Config
	ports map[string]*boundPort // by name of the listener
	fresh []*boundPort          // of these, those that are not read yet
}

// plan binds what cfg listens on and is not bound yet. An error names the key and
// leaves nothing behind.
func (l *listeners) plan(cfg *g.Config) (*listening, error) {
	c := &listening{of: l, cfg: cfg, ports: make(map[string]*boundPort)}
	for _, name := range listenerNames() {
		if !listenerSection(cfg, name).Enabled {
			continue
		}
		if err := c.bind(name); err != nil {
			return nil, errors.Join(fmt.Errorf("%s.listen: %w", name, err), c.drop())
		}
	}
	return c, nil
}

// bind finds the port of one listener: the one that it has, one that another listener
// gives up, or a new one.
func (c *listening) bind(name string) error {
	address := listenerSection(c.cfg, name).Listen
	if port := c.kept(name, address); port != nil {
		c.ports[name] = port
		return nil
	}
	ln, err := c.of.ports.Listen(address)
	if err != nil {
		return err
	}
	port, err := newBoundPort(ln)
	if err != nil {
		return err
	}
	c.ports[name] = port
	c.fresh = append(c.fresh, port)
	return nil
}

// kept returns the port that is bound to the address already and is the listener's, or
// not used by its own any more; nil if there is none.
func (c *listening) kept(name, address string) *boundPort {
	if own := c.of.open[name]; own != nil && own.section.Listen == address {
		return own.port
	}
	if _, number, _ := net.SplitHostPort(address); number == "0" {
		return nil // any free one: it is not the same twice
	}
	for _, other := range c.of.open {
		section := listenerSection(c.cfg, other.name)
		leaves := !section.Enabled || section.Listen != address
		if other.name != name && other.section.Listen == address && leaves && !c.given(other.port) {
			return other.port
		}
	}
	return nil
}

// given reports whether some listener has the port in this change.
func (c *listening) given(port *boundPort) bool {
	for _, p := range c.ports {
		if p == port {
			return true
		}
	}
	return false
}

// drop gives free what was bound for the change.
func (c *listening) drop() error {
	var errs []error
	for _, port := range c.fresh {
		errs = append(errs, port.Close())
	}
	return errors.Join(errs...)
}

// apply carries the change out. What is replaced stops as at the end of the relay:
// requests in flight are answered. Receivers have stopped when it returns. An admin
// server may have to answer the request that asked for the change, so it ends by
// itself; join waits for that.
func (c *listening) apply() {
	l := c.of
	var old []*listener
	for _, name := range listenerNames() {
		was := l.open[name]
		if was == nil || c.ports[name] != nil && l.adapt(was, c.cfg, c.ports[name]) {
			continue
		}
		old = append(old, was)
	}
	stopping := l.retire(old, c.given)
	for _, name := range listenerNames() {
		if port := c.ports[name]; port != nil && (l.open[name] == nil) {
			l.build(name, c.cfg, port)
		}
	}
	stopping.Wait()
}
