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
	"transfer/sender/spool"
)

// Sender owns the targets of all enabled backends and the goroutines that empty
// their queues.
type Sender struct {
	shared   *shared
	clusters []*Cluster

	drain   chan struct{} // closed: send what waits, then end
	end     context.CancelFunc
	lanes   sync.WaitGroup
	rest    chan struct{} // closed: the spoolers and the upkeep end
	keepers sync.WaitGroup
	former  []TargetState // stored of targets that are not configured any more
	purges  purges        // of their spools
}

// shared is what all targets of a Sender have in common.
type shared struct {
	log    *slog.Logger
	now    func() time.Time
	budget *queue.Budget
	pool   *queue.Pool
	linger *linger
	gates  *gates

	recovery float64 // points a second that a target gets of its backlog, at least
	storage  Storage
	writes   chan struct{}           // see spoolWrites
	past     map[string]*TargetState // by target
	first    map[string]*spool.Spool // lane 0 of the targets of the backend that is being built, as far as they are open
	lacks    func() int64            // bytes that the disk lacks of its reserve
}

// New builds the targets of the enabled backends; nothing is dialled before
// Start. An error names the key at fault. What the storage holds of them is the first
// that they will send; a spool that cannot be opened is tried again later, which
// Trouble tells.
func New(cfg *g.Config, log *slog.Logger, storage Storage) (*Sender, error) {
	s := newSender(int64(cfg.MemoryLimit)/2, log)
	s.shared.use(storage)
	if storage.Spools != nil {
		s.shared.lacks = lacksOf(cfg.DataDir)
	}
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
	s.former = formerOf(storage.Past, s.targets())
	if len(errs) > 0 {
		errs = append(errs, s.Close())
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

			recovery: leastRecovery,
			writes:   make(chan struct{}, spoolWrites),
			lacks:    func() int64 { return 0 },
		},
		drain: make(chan struct{}),
		end:   func() {},
		rest:  make(chan struct{}),
	}
}

// Clusters returns the enabled backends.
func (s *Sender) Clusters() []*Cluster { return s.clusters }

// targets returns all targets, backend by backend.
func (s *Sender) targets() []*target {
	var all []*target
	for _, c := range s.clusters {
		all = append(all, c.targets...)
	}
	return all
}

// Start begins to send.
func (s *Sender) Start() {
	ctx, end := context.WithCancel(context.Background())
	s.end = end
	for _, t := range s.targets() {
		for _, l := range t.lanes {
			s.lanes.Go(func() { l.run(ctx, s.drain) })
		}
		if t.spooler != nil {
			s.keepers.Go(func() { t.spooler.run(s.rest) })
		}
	}
	s.keepers.Go(func() { s.upkeep(s.rest) })
}

// Stop drains the queues until ctx ends, but not to targets that fail, ends every
// goroutine and connection, and returns how many points are left undelivered.
// Nothing may be put while it runs or afterwards. Stop is called once.
func (s *Sender) Stop(ctx context.Context) (left uint64) {
	close(s.drain)
	if !endsWithin(ctx, &s.lanes) {
		s.end()
		s.join(&s.lanes, "lanes")
	}
	s.end()
	close(s.rest)
	s.join(&s.keepers, "spoolers")
	for _, t := range s.Targets() {
		if t.Queued > 0 {
			s.shared.log.Warn("points left undelivered", "target", t.ID, "points", t.Queued, "spooled", t.SpoolPoints, "error", t.Error)
		}
		left += t.Queued
	}
	return left
}

// joinWithin is how long what was told to end may take. Only a disk that hangs takes
// longer.
const joinWithin = 2 * time.Second

// join waits for the goroutines, but not forever.
func (s *Sender) join(goroutines *sync.WaitGroup, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), joinWithin)
	defer cancel()
	if !endsWithin(ctx, goroutines) {
		s.shared.log.Error("the disk hangs, the stop goes on without waiting for it", "waiting", name)
	}
}

// endsWithin reports whether the goroutines end before ctx does.
func endsWithin(ctx context.Context, goroutines *sync.WaitGroup) bool {
	ended := make(chan struct{})
	go func() { goroutines.Wait(); close(ended) }()
	select {
	case <-ended:
		return true
	case <-ctx.Done():
		return false
	}
}

// Targets returns the state and account of every target, backend by backend.
func (s *Sender) Targets() []stat.Target {
	now := s.shared.now()
	var all []stat.Target
	for _, t := range s.targets() {
		all = append(all, t.status(now))
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
