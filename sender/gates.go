package sender

import (
	"context"
	"sync"
)

// gates let one dial at a time through to each host:port, whoever wants it.
type gates struct {
	mu   sync.Mutex
	open map[string]chan struct{}
}

func newGates() *gates { return &gates{open: make(map[string]chan struct{})} }

// pass waits for its turn at address and returns the func that ends it.
func (g *gates) pass(ctx context.Context, address string) (leave func(), err error) {
	gate := g.gate(address)
	select {
	case gate <- struct{}{}:
		return func() { <-gate }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// tryPass is pass for who does not wait: free is false when somebody has the turn.
func (g *gates) tryPass(address string) (leave func(), free bool) {
	gate := g.gate(address)
	select {
	case gate <- struct{}{}:
		return func() { <-gate }, true
	default:
		return nil, false
	}
}

func (g *gates) gate(address string) chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	gate, ok := g.open[address]
	if !ok {
		gate = make(chan struct{}, 1)
		g.open[address] = gate
	}
	return gate
}
