package main

import (
	"fmt"
	"slices"
	"strings"

	jsoniter "github.com/json-iterator/go"

	"transfer/g"
	"transfer/g/stat"
)

// edit is a change of one node that the admin API was asked for. The file knows
// nothing of it.
type edit struct {
	kind    editKind
	backend string
	node    g.Node // where the file has it, the name alone
}

// editKind is what an edit does to its node.
type editKind int

const (
	nodeAdded   editKind = iota
	nodeRemoved          // what waits for it goes the way of onRemove
	nodeDrained          // it is out of the ring until it is resumed
)

// String returns the word for what the edit has done.
func (k editKind) String() string {
	switch k {
	case nodeAdded:
		return "added"
	case nodeRemoved:
		return "removed"
	}
	return "drained"
}

// String says what the edit has done, in words for an operator.
func (e edit) String() string {
	return fmt.Sprintf("%s.cluster.%s was %s by the API", e.backend, e.node.Name, e.kind)
}

// edits are those since the file was loaded, each node once.
type edits []edit

// of returns the edit of a node, nil if there is none.
func (e edits) of(backend, node string) *edit {
	for i := range e {
		if e[i].backend == backend && e[i].node.Name == node {
			return &e[i]
		}
	}
	return nil
}

// without returns the edits without that of a node.
func (e edits) without(backend, node string) edits {
	return slices.DeleteFunc(slices.Clone(e), func(o edit) bool { return o.backend == backend && o.node.Name == node })
}

// plus returns the edits with one more, in the place of that of the same node.
func (e edits) plus(more edit) edits { return append(e.without(more.backend, more.node.Name), more) }

// with returns the file's configuration with the edits.
func (e edits) with(file *g.Config) *g.Config {
	if len(e) == 0 {
		return file
	}
	cfg := *file
	cfg.Backends = slices.Clone(file.Backends)
	for i, b := range cfg.Backends {
		edited := *b
		edited.Nodes = slices.DeleteFunc(slices.Clone(b.Nodes), func(n g.Node) bool { return e.of(b.Name, n.Name) != nil })
		for _, one := range e {
			if one.backend == b.Name && one.kind == nodeAdded {
				edited.Nodes = append(edited.Nodes, one.node)
			}
		}
		slices.SortFunc(edited.Nodes, func(x, y g.Node) int { return strings.Compare(x.Name, y.Name) })
		cfg.Backends[i] = &edited
	}
	return &cfg
}

// words says what the edits have done.
func (e edits) words() (all []string) {
	for _, one := range e {
		all = append(all, one.String())
	}
	return all
}

// nodesOf returns the nodes of an enabled backend. The error is stat.ErrNoNode.
func nodesOf(cfg *g.Config, backend string) ([]g.Node, error) {
	b := cfg.Backend(backend)
	if b == nil {
		return nil, fmt.Errorf("%w: %q is no enabled backend", stat.ErrNoNode, backend)
	}
	return b.Nodes, nil
}

// nodeOf returns the node called name, nil if there is none.
func nodeOf(nodes []g.Node, name string) *g.Node {
	if i := slices.IndexFunc(nodes, func(n g.Node) bool { return n.Name == name }); i >= 0 {
		return &nodes[i]
	}
	return nil
}

// readNode checks a node as if it stood in the file.
func readNode(backend, name string, addresses []string) (g.Node, error) {
	if name == "" {
		return g.Node{}, fmt.Errorf("%s.cluster: the node has no name", backend)
	}
	file, err := jsoniter.Marshal(map[string]any{
		backend: map[string]any{"enabled": true, "cluster": map[string]string{name: strings.Join(addresses, ",")}},
	})
	if err != nil {
		return g.Node{}, fmt.Errorf("cannot read the node: %w", err)
	}
	cfg, err := g.Parse("node", file)
	if err != nil {
		return g.Node{}, err
	}
	return cfg.Backend(backend).Nodes[0], nil
}
