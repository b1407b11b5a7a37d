package sender

import (
	"context"
	"sync/atomic"
)

// halt is set before a stop at which what waits is to stay where it is: each lane ends
// after its call under way. Before the stop it means nothing, or else a lane of a former
// target would take itself for empty.
type halt struct{ atomic.Bool }

// Halt ends the Sender as Stop does, but sends nothing more: only calls under way may
// end until ctx does. It is called instead of Stop, when another process goes on with
// what waits.
func (s *Sender) Halt(ctx context.Context) (left uint64) {
	s.shared.halt.Store(true)
	return s.Stop(ctx)
}
