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
	g.mu.Lock()
	gate, ok := g.open[address]
	if !ok {
		gate = make(chan struct{}, 1)
		g.open[address] = gate
	}
	g.mu.Unlock()
	select {
	case gate <- struct{}{}:
		return func() { <-gate }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
