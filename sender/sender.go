package sender

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"transfer/g"
	"transfer/g/guard"
	"transfer/g/stat"
	"transfer/sender/queue"
	"transfer/sender/spool"
)

// Sender owns the targets of all enabled backends and the goroutines that empty
// their queues.
type Sender struct {
	kinds  []kind
	shared *shared

	changing sync.Mutex // held while what is configured changes, or a former target goes
	mu       sync.RWMutex
	clusters []*Cluster
	formers  []*target     // not configured any more; something is left of them
	gone     []stat.Target // nothing is, the latest last
	past     []TargetState // stored of other targets that are not configured
	routing  []byte        // Routing's, of clusters

	backends map[string]*backendNow // by name; changing
	layers   uint64                 // made so far; changing
	taken    map[string][]*layer    // by backend, while New takes former targets

	ctx      context.Context // of the lanes
	starting sync.Mutex      // held while stand-ins begin to send, and while drain is closed
	drain    chan struct{}   // closed: send what waits, then end
	stop     context.CancelFunc
	lanes    sync.WaitGroup
	rest     chan struct{} // closed: the spoolers and the upkeep end
	keepers  sync.WaitGroup
	purges   purges // of spools of targets that are not there
}

// shared is what all targets of a Sender have in common.
type shared struct {
	log    *slog.Logger
	now    func() time.Time
	budget *queue.Budget
	pool   *queue.Pool
	linger *linger
	gates  *gates
	halt   halt

	minStep  int           // seconds
	recovery float64       // points a second that a target gets of its backlog, at least
	homeGood time.Duration // how long a node that was away must be good until its stand-ins go
	storage  Storage
	writes   chan struct{}                 // see spoolWrites
	past     map[string]*TargetState       // by target
	backend  func(name string) *backendNow // Sender.now
	first    map[string]*spool.Spool       // lane 0 of the targets of the backend that is being built, as far as they are open
	lacks    func() int64                  // bytes that the disk lacks of its reserve
	moving   atomic.Bool                   // a Replay has moved points, and is not settled
}

// New builds the targets of the enabled backends; nothing is dialled before
// Start. An error names the key at fault. What the storage holds of them is the first
// that they will send; a spool that cannot be opened is tried again later, which
// Trouble tells.
func New(cfg *g.Config, log *slog.Logger, storage Storage) (*Sender, error) {
	s := newSender(int64(cfg.MemoryLimit)/2, log)
	err := s.build(cfg, storage)
	if err != nil {
		err = errors.Join(err, s.Close())
	}
	return s, err
}

// build makes what New says.
func (s *Sender) build(cfg *g.Config, storage Storage) error {
	s.shared.minStep = cfg.MinStep
	s.shared.use(storage)
	if storage.Spools != nil {
		s.shared.lacks = lacksOf(cfg.DataDir)
	}
	var errs []error
	for _, k := range s.kinds {
		section := cfg.Backend(k.name)
		if section == nil {
			continue
		}
		c, err := newCluster(k, section, cfg.MinStep, s.shared)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", cfg.Path, err))
			continue
		}
		s.use(c)
	}
	if storage.Spools != nil {
		s.takeFormers(storage.Past)
	}
	s.takeHandoffs(storage.Past)
	s.past = pastOf(storage.Past, s.targets())
	s.routing = s.Routing()
	return errors.Join(errs...)
}

// newSender returns a Sender without targets whose queues may use budget bytes.
func newSender(budget int64, log *slog.Logger) *Sender {
	s := &Sender{
		kinds: kinds(),
		shared: &shared{
			log: log, now: time.Now,
			budget: queue.NewBudget(budget),
			pool:   new(queue.Pool),
			linger: newLinger(time.Now()),
			gates:  newGates(),

			recovery: leastRecovery,
			homeGood: homeGood,
			writes:   make(chan struct{}, spoolWrites),
			lacks:    func() int64 { return 0 },
		},
		backends: make(map[string]*backendNow),
		taken:    make(map[string][]*layer),
		drain:    make(chan struct{}),
		stop:     func() {},
		rest:     make(chan struct{}),
	}
	s.shared.backend = s.now
	return s
}

// use adds a cluster to those of a Sender that is built.
func (s *Sender) use(c *Cluster) {
	s.clusters = append(s.clusters, c)
	s.now(c.name).is.Store(c)
}

// Clusters returns the enabled backends.
func (s *Sender) Clusters() []*Cluster {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.clusters
}

// cluster returns the backend called name, nil if it is not enabled.
func (s *Sender) cluster(name string) *Cluster {
	for _, c := range s.Clusters() {
		if c.name == name {
			return c
		}
	}
	return nil
}

// targets returns all targets, backend by backend, then the former ones and the stand-ins.
func (s *Sender) targets() []*target {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []*target
	for _, c := range s.clusters {
		all = append(all, c.targets...)
	}
	all = append(all, s.formers...)
	return append(all, s.standing()...)
}

// Start begins to send.
func (s *Sender) Start() {
	s.ctx, s.stop = context.WithCancel(context.Background())
	for _, t := range s.targets() {
		s.run(t)
	}
	s.keepers.Go(func() { s.upkeep(s.rest) })
	s.keepers.Go(func() { s.watchNodes(s.rest) })
	if overflow := s.shared.storage.Overflow; overflow != nil {
		s.keepers.Go(func() { overflow.Run(s.rest) })
	}
}

// run begins to send what a target has.
func (s *Sender) run(t *target) {
	for _, l := range t.lanes {
		s.runLane(l)
	}
	s.keepers.Go(func() {
		guard.Run(s.shared.log, t.id, &t.restarts, s.rest, func() { t.watch(s.ctx) })
	})
	if t.spooler != nil {
		s.keepers.Go(func() {
			guard.Run(s.shared.log, t.id, &t.restarts, s.rest, func() { t.spooler.run(s.rest) })
		})
	}
}

func (s *Sender) runLane(l *lane) {
	s.lanes.Go(func() {
		guard.Run(s.shared.log, l.target.id, &l.target.restarts, s.drain, func() { l.serve(s.ctx, s.drain) })
		s.end(l.target)
	})
}

// Stop drains the queues until ctx ends, but not to targets that fail, ends every
// goroutine and connection, and returns how many points are left undelivered.
// Nothing may be put while it runs or afterwards. Stop is called once.
func (s *Sender) Stop(ctx context.Context) (left uint64) {
	s.starting.Lock()
	close(s.drain)
	s.starting.Unlock()
	if !endsWithin(ctx, &s.lanes) {
		s.stop()
		s.join(&s.lanes, "lanes")
	}
	s.stop()
	close(s.rest)
	s.join(&s.keepers, "spoolers")
	for _, t := range s.Targets() {
		if t.Queued > 0 && !s.shared.halt.Load() {
			s.shared.log.Warn("points left undelivered", "target", t.ID, "points", t.Queued, "redis", t.RedisPoints, "spooled", t.SpoolPoints, "error", t.Error)
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

// Targets returns the state and account of every target, backend by backend, then of those
// that are not configured any more.
func (s *Sender) Targets() []stat.Target {
	now := s.shared.now()
	var all []stat.Target
	shown := make(map[string]bool)
	for _, t := range s.targets() {
		if !shown[t.id] { // a former one may be configured anew, which goes on with its account
			shown[t.id] = true
			all = append(all, t.status(now))
		}
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, row := range s.gone {
		if !shown[row.ID] {
			all = append(all, row)
		}
	}
	return all
}

// Rings returns the state of every ring.
func (s *Sender) Rings() []stat.Ring {
	var all []stat.Ring
	for _, c := range s.Clusters() {
		if r, ok := c.status(); ok {
			all = append(all, r)
		}
	}
	return all
}
