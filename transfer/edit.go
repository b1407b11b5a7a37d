package main

import (
	"fmt"
	"slices"

	"transfer/g"
	"transfer/g/stat"
)

// onRemoveDrain is the value of onRemove by which a node that leaves gets what waits
// for it.
const onRemoveDrain = "drain"

// edit applies what change makes of the edits of a backend's nodes; nil: nothing is to be
// done. On error nothing has changed.
func (s *Service) edit(backend string, how manner, change func(*configuration) (edits, error)) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	conf := s.conf.Load()
	if err := conf.editable(backend); err != nil {
		return err
	}
	wanted, err := change(conf)
	if err != nil || wanted == nil {
		return err
	}
	changed, err := s.apply(newConfiguration(conf.file, conf.shared, wanted), how)
	if err != nil {
		return err
	}
	s.log.Info("nodes are changed by the API, the file is not", "changed", changed)
	return nil
}

// add returns the edits with one more node.
func (c *configuration) add(backend, name string, addresses []string) (edits, error) {
	nodes, err := nodesOf(c.inForce, backend)
	if err != nil {
		return nil, err
	}
	if nodeOf(nodes, name) != nil {
		return nil, fmt.Errorf("cannot add %s.cluster.%s: the node is there already; remove it first", backend, name)
	}
	if e := c.edits.of(backend, name); e != nil && e.kind == nodeDrained {
		return nil, fmt.Errorf("cannot add %s.cluster.%s: the node is drained; resume it", backend, name)
	}
	node, err := readNode(backend, name, addresses)
	if err != nil {
		return nil, err
	}
	if before := nodeOf(c.fileNodes(backend), name); before != nil && slices.Equal(before.Addresses, node.Addresses) {
		return c.edits.without(backend, name), nil // it was removed, and is as in the file again
	}
	return c.edits.plus(edit{kind: nodeAdded, backend: backend, node: node}), nil
}

// remove returns the edits by which a node is gone, also one that was drained.
func (c *configuration) remove(backend, name string) (edits, error) {
	if err := c.known(backend, name); err != nil {
		return nil, err
	}
	if nodeOf(c.fileNodes(backend), name) == nil {
		return c.edits.without(backend, name), nil
	}
	return c.edits.plus(edit{kind: nodeRemoved, backend: backend, node: g.Node{Name: name}}), nil
}

// drain returns the edits by which a node is out of the ring until it is resumed.
func (c *configuration) drain(backend, name string) (edits, error) {
	if err := c.known(backend, name); err != nil {
		return nil, err
	}
	drained := edit{kind: nodeDrained, backend: backend, node: g.Node{Name: name}}
	if e := c.edits.of(backend, name); e != nil {
		if e.kind == nodeDrained {
			return nil, nil
		}
		drained.node = e.node // of one that the file does not have
	}
	return c.edits.plus(drained), nil
}

// resume returns the edits by which a drained node is in the ring again.
func (c *configuration) resume(backend, name string) (edits, error) {
	if err := c.known(backend, name); err != nil {
		return nil, err
	}
	e := c.edits.of(backend, name)
	switch {
	case e == nil || e.kind != nodeDrained:
		return nil, fmt.Errorf("cannot resume %s.cluster.%s: the node is not drained", backend, name)
	case nodeOf(c.fileNodes(backend), name) == nil:
		return c.edits.plus(edit{kind: nodeAdded, backend: backend, node: e.node}), nil
	}
	return c.edits.without(backend, name), nil
}

// known returns nil if the node is in force or drained, else stat.ErrNoNode.
func (c *configuration) known(backend, name string) error {
	nodes, err := nodesOf(c.inForce, backend)
	if err != nil {
		return err
	}
	if e := c.edits.of(backend, name); nodeOf(nodes, name) == nil && (e == nil || e.kind != nodeDrained) {
		return fmt.Errorf("%w: %s.cluster.%s", stat.ErrNoNode, backend, name)
	}
	return nil
}

// fileNodes returns the nodes that the file has.
func (c *configuration) fileNodes(backend string) []g.Node {
	nodes, err := nodesOf(c.file, backend)
	if err != nil {
		return nil
	}
	return nodes
}
