package pipeline

import (
	"errors"
	"sync"
)

// The refusals of whole batches. The client reads them as an invitation to send
// the batch again, here or to another relay.
var (
	errNotReady = errors.New("retry: the relay is not ready yet")
	errStopping = errors.New("retry: the relay is stopping")
)

// gate lets batches in between Open and Close.
type gate struct {
	mu      sync.RWMutex // held for reading by each batch under way
	refusal error        // nil while open
}

// enter returns nil, and leave must follow, or the reason why nobody may enter.
func (g *gate) enter() error {
	g.mu.RLock()
	if err := g.refusal; err != nil {
		g.mu.RUnlock()
		return err
	}
	return nil
}

func (g *gate) leave() { g.mu.RUnlock() }

// set waits until no batch is under way; later ones meet the refusal, or an open
// gate if it is nil.
func (g *gate) set(refusal error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refusal = refusal
}

// hold waits until no batch is under way and calls f; batches that come meanwhile wait
// for its end.
func (g *gate) hold(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
}
