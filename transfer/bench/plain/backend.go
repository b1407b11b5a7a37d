package plain

import (
	"context"
	"sync"
	"sync/atomic"
)

// queueLimit bounds the items of a node. The benchmark never has as many points
// under way, so that none is dropped and all are paid for.
const queueLimit = 500_000

// service is how the items of a backend are made and sent.
type service struct {
	method  string // of net/rpc
	newItem func(*point) interface{}
	args    func([]interface{}) interface{} // of method, from what newItem made
}

// backend is the nodes of judge or graph, with a queue for each.
type backend struct {
	service service
	ring    *ring
	nodes   map[string]*node
	dropped atomic.Int64 // points that a full queue did not take
}

// newBackend returns the backend with the addresses of its nodes by their names,
// of which there is at least one.
func newBackend(s service, addresses map[string]string) *backend {
	b := &backend{service: s, nodes: make(map[string]*node)}
	var names []string
	for name, address := range addresses {
		names = append(names, name)
		b.nodes[name] = &node{service: s, address: address, queue: newQueue(queueLimit)}
	}
	b.ring = newRing(names)
	return b
}

// push queues points for their nodes.
func (b *backend) push(points []*point) {
	for _, p := range points {
		n := b.nodes[b.ring.node(p.key)]
		if !n.queue.push(b.service.newItem(p)) {
			b.dropped.Add(1)
		}
	}
}

// start sends from each queue until ctx ends.
func (b *backend) start(ctx context.Context, work *sync.WaitGroup) {
	for _, n := range b.nodes {
		work.Add(1)
		go func() {
			defer work.Done()
			n.run(ctx)
		}()
	}
}
