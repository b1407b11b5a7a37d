package sender

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"transfer/g"
	"transfer/g/stat"
	"transfer/sender/queue"
)

// Sender owns the targets of all enabled backends and the goroutines that empty
// their queues.
type Sender struct {
	shared   *shared
	clusters []*Cluster

	drain chan struct{} // closed: send what waits, then end
	end   context.CancelFunc
	lanes sync.WaitGroup
}

// shared is what all targets of a Sender have in common.
type shared struct {
	log    *slog.Logger
	now    func() time.Time
	budget *queue.Budget
	pool   *queue.Pool
	linger *linger
	gates  *gates
}

// New builds the targets of the enabled backends; nothing is dialled before
// Start. An error names the key at fault.
func New(cfg *g.Config, log *slog.Logger) (*Sender, error) {
	s := newSender(int64(cfg.MemoryLimit)/2, log)
	var errs []error
	for _, k := range kinds() {
		section := cfg.Backend(k.name)
		if section == nil {
			continue
		}
		c, err := newCluster(k, section, cfg.MinStep, s.shared)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", cfg.Path, err))
			continue
		}
		s.clusters = append(s.clusters, c)
	}
	return s, errors.Join(errs...)
}

// newSender returns a Sender without targets whose queues may use budget bytes.
func newSender(budget int64, log *slog.Logger) *Sender {
	return &Sender{
		shared: &shared{
			log: log, now: time.Now,
			budget: queue.NewBudget(budget),
			pool:   new(queue.Pool),
			linger: newLinger(time.Now()),
			gates:  newGates(),
		},
		drain: make(chan struct{}),
		end:   func() {},
	}
}

// Clusters returns the enabled backends.
func (s *Sender) Clusters() []*Cluster { return s.clusters }

// Start begins to send.
func (s *Sender) Start() {
	ctx, end := context.WithCancel(context.Background())
	s.end = end
	for _, c := range s.clusters {
		for _, t := range c.targets {
			for _, l := range t.lanes {
				s.lanes.Go(func() { l.run(ctx, s.drain) })
			}
		}
	}
}

// Stop drains the queues until ctx ends, but not to targets that fail, ends every
// goroutine and connection, and returns how many points are left undelivered.
// Nothing may be put while it runs or afterwards. Stop is called once.
func (s *Sender) Stop(ctx context.Context) (left uint64) {
	close(s.drain)
	drained := make(chan struct{})
	go func() { s.lanes.Wait(); close(drained) }()
	select {
	case <-drained:
	case <-ctx.Done():
	}
	s.end()
	<-drained
	for _, t := range s.Targets() {
		if t.Queued > 0 {
			s.shared.log.Warn("points left undelivered", "target", t.ID, "points", t.Queued, "error", t.Error)
		}
		left += t.Queued
	}
	return left
}

// Targets returns the state and account of every target, backend by backend.
func (s *Sender) Targets() []stat.Target {
	now := s.shared.now()
	var all []stat.Target
	for _, c := range s.clusters {
		for _, t := range c.targets {
			all = append(all, t.status(now))
		}
	}
	return all
}

// Rings returns the state of every ring.
func (s *Sender) Rings() []stat.Ring {
	var all []stat.Ring
	for _, c := range s.clusters {
		if r, ok := c.status(); ok {
			all = append(all, r)
		}
	}
	return all
}
