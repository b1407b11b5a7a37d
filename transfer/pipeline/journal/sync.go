package journal

import (
	"context"
	"fmt"
	"time"
)

// syncEvery is how often what was written is made durable where Append does not do
// it: that bounds what a power cut costs.
const syncEvery = time.Second

// Run makes what was written durable each second until ctx ends. It does nothing in
// Sync mode, where whoever writes does it.
func (j *Journal) Run(ctx context.Context) {
	if j.options.Sync {
		<-ctx.Done()
		return
	}
	tick := time.NewTicker(syncEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			j.sync()
		}
	}
}

// sync makes durable what was written. After an error nobody knows what the disk has
// of that: it counts as exposed.
func (j *Journal) sync() {
	err := j.log.Sync()
	if err != nil {
		err = fmt.Errorf("cannot make the journal durable: %w", err)
	}
	j.mu.Lock()
	was := j.trouble.synced
	j.trouble.synced = err
	if err != nil {
		j.trouble.exposed = j.last
	}
	j.mu.Unlock()
	switch {
	case err != nil && was == nil:
		j.options.Log.Error("journal: cannot be made durable", "error", err)
	case err == nil && was != nil:
		j.options.Log.Info("journal: is durable again")
	}
}
