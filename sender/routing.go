package sender

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	jsoniter "github.com/json-iterator/go"

	"transfer/sender/queue"
	"transfer/sender/ring"
)

// routing is what decides where points go, as it stands in the journal before the
// points that it was used for.
type routing struct {
	Backends []backendRouting `json:"backends"`
}

// backendRouting is the routing of one backend. Without nodes it is a group, one
// target.
type backendRouting struct {
	Name     string        `json:"name"`
	Lanes    int           `json:"lanes"`              // of each target
	Encoding string        `json:"encoding,omitempty"` // of its items; decides nothing, is said for who reads it
	Hash     string        `json:"hash,omitempty"`
	Replicas int           `json:"replicas,omitempty"`
	Nodes    []nodeRouting `json:"nodes,omitempty"`  // sorted by name
	Filter   *filter       `json:"filter,omitempty"` // nil: it has none, or the record is of before there were some
	// Former are the ids of former targets through which the series go that they had.
	Former []string `json:"former,omitempty"`
	// Handoffs are the routings from which series are handed over.
	Handoffs []handoffRouting `json:"handoffs,omitempty"`
}

// handoffRouting is the ring from which series are handed over, until some time.
type handoffRouting struct {
	Replicas int       `json:"replicas"`
	Nodes    []string  `json:"nodes"`
	Until    time.Time `json:"until"`
}

// nodeRouting is one node of a ring.
type nodeRouting struct {
	Name      string   `json:"name"`
	Addresses []string `json:"addresses"`
}

// Routing returns all that decides where points go, as JSON: the same for the same
// configuration, whatever its order.
func (s *Sender) Routing() []byte { return routingOf(s.Clusters()) }

func routingOf(clusters []*Cluster) []byte {
	var r routing
	for _, c := range clusters {
		r.Backends = append(r.Backends, c.routing())
	}
	text, err := jsoniter.Marshal(r)
	if err != nil { // of plain structs: a mistake in their definition
		panic("sender: cannot encode the routing: " + err.Error())
	}
	return text
}

// routing returns what decides where the cluster's points go.
func (c *Cluster) routing() backendRouting {
	r := backendRouting{Name: c.name, Lanes: c.lanes, Encoding: c.rules.Encoding}
	for _, y := range c.layers {
		r.Former = append(r.Former, y.former()...)
	}
	for _, h := range c.running() {
		r.Handoffs = append(r.Handoffs, handoffRouting{h.ring.Replicas(), h.ring.Nodes(), h.until})
	}
	if b, ok := c.Backend.(filtering); ok {
		now := b.Filter()
		r.Filter = &now
	}
	if c.ring == nil {
		return r
	}
	r.Hash, r.Replicas = c.hash.String(), c.ring.Replicas()
	for i, name := range c.ring.Nodes() {
		node := nodeRouting{Name: name}
		for _, t := range c.nodes[i] {
			node.Addresses = append(node.Addresses, t.address())
		}
		r.Nodes = append(r.Nodes, node)
	}
	return r
}

// equal reports whether both place all points alike.
func (r backendRouting) equal(other backendRouting) bool {
	return r.Name == other.Name && r.Lanes == other.Lanes && r.Hash == other.Hash && r.Replicas == other.Replicas &&
		slices.EqualFunc(r.Nodes, other.Nodes, func(a, b nodeRouting) bool {
			return a.Name == b.Name && slices.Equal(a.Addresses, b.Addresses)
		})
}

// What a configuration can ask for at most; a routing that asks for more was damaged,
// and would take memory without end.
const (
	maxLanes    = 1024
	maxReplicas = 100_000
	maxRing     = 1 << 27 // virtual points of all nodes
)

// check returns what is wrong with a routing that was read.
func (r backendRouting) check() error {
	if r.Lanes < 1 || r.Lanes > maxLanes {
		return fmt.Errorf("a target cannot have %d lanes", r.Lanes)
	}
	if r.Replicas < 0 || r.Replicas > maxReplicas || r.Replicas*len(r.Nodes) > maxRing {
		return fmt.Errorf("a ring cannot have %d replicas of %d nodes", r.Replicas, len(r.Nodes))
	}
	for _, n := range r.Nodes {
		if len(n.Addresses) == 0 {
			return fmt.Errorf("the node %q has no address", n.Name)
		}
	}
	return nil
}

// places returns the nodes in the order of the ring; for a group, one without a name.
func (r backendRouting) places() []nodeRouting {
	if len(r.Nodes) == 0 {
		return []nodeRouting{{Addresses: []string{""}}}
	}
	return slices.SortedFunc(slices.Values(r.Nodes), func(a, b nodeRouting) int { return cmp.Compare(a.Name, b.Name) })
}

// ring returns the ring that places points on the nodes; nil for a group.
func (r backendRouting) ring() (*ring.Ring, error) {
	if len(r.Nodes) == 0 {
		return nil, nil
	}
	hash, err := ring.ParseHash(r.Hash)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, n := range r.Nodes {
		names = append(names, n.Name)
	}
	return ring.New(names, r.Replicas, hash)
}

// targetID returns the id of the target at an address of a backend's node.
func targetID(backend, node, address string) string {
	if node == "" {
		return backend
	}
	return backend + "/" + node + "/" + address
}

// slotOf returns the index of a lane of a node, where each node has so many; ring is
// nil where there is one node.
func slotOf(r *ring.Ring, lanes int, hash uint32) int {
	slot := queue.LaneOf(hash, lanes)
	if r != nil {
		slot += r.Node(hash) * lanes
	}
	return slot
}
