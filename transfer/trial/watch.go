package trial

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// Watch looks at a relay all the while: its ledger must balance at any time, and its
// memory and disk have bounds.
type Watch struct {
	relay *Relay
	End   func() // once; waits until it has ended

	mu         sync.Mutex
	paused     bool
	disk       int64
	unbalanced error
}

// Pause makes it look away, or look again.
func (w *Watch) Pause(paused bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.paused = paused
}

func newWatch(r *Relay) *Watch {
	w := &Watch{relay: r}
	stop := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				w.look()
			}
		}
	})
	w.End = sync.OnceFunc(func() {
		close(stop)
		running.Wait()
	})
	return w
}

func (w *Watch) look() {
	w.mu.Lock()
	paused := w.paused
	w.mu.Unlock()
	if paused {
		return
	}
	disk := w.relay.disk()
	_, err := w.relay.ledger() // fails while the relay does not run
	w.mu.Lock()
	defer w.mu.Unlock()
	w.disk = max(w.disk, disk)
	if err != nil && strings.HasPrefix(err.Error(), "unbalanced") && w.unbalanced == nil {
		w.unbalanced = err
	}
}

// MostDisk returns the most that the data directory has taken, bytes.
func (w *Watch) MostDisk() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.disk
}

// Complaints says which bounds did not hold for a relay of so many targets.
func (w *Watch) Complaints(targets int) (all []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.unbalanced != nil {
		all = append(all, w.unbalanced.Error())
	}
	const journal, segment, other = 256 << 20, 64 << 20, 1 << 20
	if most := int64(journal + segment + targets*spoolBytes + other); w.disk > most {
		all = append(all, fmt.Sprintf("the data directory took %d bytes, more than %d", w.disk, most))
	}
	if w.relay.Memory > memoryBound && !raceEnabled {
		all = append(all, fmt.Sprintf("the relay took %d bytes of memory, more than %d", w.relay.Memory, int64(memoryBound)))
	}
	return all
}
