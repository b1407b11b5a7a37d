package receiver

import (
	"context"
	"sync"
)

// gate lets requests in between open and close, and close waits for those inside.
// The zero gate is closed.
type gate struct {
	mu     sync.Mutex
	isOpen bool
	inside int
	empty  chan struct{} // closed by the last one out; nil while nobody waits
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.isOpen = true
}

// enter reports whether the gate is open; if so, leave must follow.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.isOpen {
		g.inside++
	}
	return g.isOpen
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inside--; g.inside == 0 && g.empty != nil {
		close(g.empty)
		g.empty = nil
	}
}

// close lets nobody in any more and waits until nobody is inside, or ctx ends.
func (g *gate) close(ctx context.Context) error {
	g.mu.Lock()
	g.isOpen = false
	if g.inside > 0 && g.empty == nil {
		g.empty = make(chan struct{})
	}
	empty := g.empty
	g.mu.Unlock()
	if empty == nil {
		return nil
	}
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
