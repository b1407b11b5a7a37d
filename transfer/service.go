package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"transfer/g"
	"transfer/g/metric"
	"transfer/g/stat"
	"transfer/http"
	"transfer/receiver"
	"transfer/sender"
	"transfer/transfer/pipeline"
)

// The times that a stop may take, 8 s in all: the promise is 10.
const (
	answerWithin = 2 * time.Second // requests in flight are answered
	drainWithin  = 5 * time.Second // what is queued is delivered
	adminWithin  = 1 * time.Second // the admin server ends
)

// Service is a relay: it builds and owns all parts, starts and stops them in
// order.
type Service struct {
	cfg     *g.Config
	log     *slog.Logger
	started time.Time
	phase   atomic.Int32
	details []string // what the operator must know of this run's durability

	storage  *storage // nil: the relay goes on without
	keeper   *keeper  // likewise
	sender   *sender.Sender
	pipeline *pipeline.Pipeline
	counts   []*stat.Receiver // of the enabled receivers
	doors    []door           // the enabled receivers
	ports    ports
	bound    map[string]net.Addr // where the enabled receivers listen
	admin    door                // nil when http is disabled

	resending sync.Mutex // held while dead letters are sent again
}

// door is what points or operators come in by.
type door interface {
	Start()
	Stop(ctx context.Context) error
}

// The phases of a Service.
const (
	starting = iota
	ready
	stopping
)

// step is one numbered step of the start or the stop.
type step struct {
	name string
	do   func()
}

// NewService takes what can be refused: the data directory and, from ports, the
// listeners. Nothing is read or sent before Start. An error leaves nothing behind.
func NewService(cfg *g.Config, log *slog.Logger, ports ports) (*Service, error) {
	s := &Service{cfg: cfg, log: log, started: time.Now(), ports: ports, bound: make(map[string]net.Addr)}
	for _, w := range cfg.Warnings {
		log.Warn("configuration: " + w.String())
	}
	for _, build := range []func() error{s.takeStorage, s.buildPath, s.bind} {
		if err := build(); err != nil {
			s.abandon()
			return nil, err
		}
	}
	return s, nil
}

// abandon closes what was taken by a start that did not come about.
func (s *Service) abandon() {
	s.stopReceivers()
	s.stopAdmin()
	s.release()
}

// takeStorage takes the data directory. Without a usable one the relay goes on in
// memory if onDiskError allows it, and says so in its health.
func (s *Service) takeStorage() error {
	storage, err := openStorage(s.cfg, s.log)
	switch {
	case err == nil:
		s.storage = storage
	case errors.Is(err, errLocked) || s.refuses():
		return err
	default:
		s.log.Error("data directory cannot be used, going on in memory", "error", err)
		s.details = append(s.details, err.Error())
	}
	return nil
}

// refuses reports whether points that cannot be kept on disk are refused.
func (s *Service) refuses() bool {
	return s.cfg.OnDiskError == onDiskErrorRefuse || s.cfg.Durability == durabilityFsync
}

// cacheShare is the part of memoryLimit that the series cache may take.
const cacheShare = 4

// buildPath makes the way of a point, from its end to its beginning.
func (s *Service) buildPath() (err error) {
	var kept sender.Storage
	var durability pipeline.Durability
	if s.storage != nil {
		kept = s.storage.ofSender()
		if s.storage.journal != nil {
			durability = pipeline.Durability{Journal: s.storage.journal, Refuse: s.refuses()}
		}
	}
	if s.sender, err = sender.New(s.cfg, s.log, kept); err != nil {
		return err
	}
	if s.storage != nil {
		s.keeper = &keeper{
			slots: s.storage.slots, journal: s.storage.journal, sender: s.sender, past: s.storage.past,
			durable: s.cfg.Durability == durabilityFsync, log: s.log,
		}
	}
	var backends []pipeline.Backend
	for _, c := range s.sender.Clusters() {
		backends = append(backends, c)
	}
	cache := pipeline.Cache{Series: s.cfg.SeriesCache, Bytes: int64(s.cfg.MemoryLimit) / cacheShare}
	s.pipeline = pipeline.New(backends, cache, durability, time.Now)
	for _, r := range s.sender.Rings() {
		s.log.Info("ring built", "backend", r.Backend, "fingerprint", r.Fingerprint,
			"hash", r.Hash, "replicas", r.Replicas, "nodes", len(r.Shares))
	}
	return nil
}

// bind binds all ports; nobody reads yet.
func (s *Service) bind() error {
	if section := s.cfg.RPC; section.Enabled {
		ln, err := s.ports.Listen(section.Listen)
		if err != nil {
			return fmt.Errorf("rpc.listen: %w", err)
		}
		in, counts := s.inlet("rpc")
		s.open(receiver.ListenRPC(ln, section.Limits, in, counts, s.log), "rpc", ln.Addr())
	}
	if section := s.cfg.HTTP; section.Enabled {
		web, err := s.ports.Listen(section.Listen)
		if err != nil {
			return fmt.Errorf("http.listen: %w", err)
		}
		in, counts := s.inlet("http")
		web = receiver.LimitListener(web, section.Limits, counts, s.log)
		push := receiver.NewPush(section.Limits, in, counts)
		s.admin = http.New(web, section, s.cfg.Debug, &view{s}, push, s.log)
		s.open(push, "http", web.Addr())
	}
	if section := s.cfg.Socket; section.Enabled {
		ln, err := s.ports.Listen(section.Listen)
		if err != nil {
			return fmt.Errorf("socket.listen: %w", err)
		}
		in, counts := s.inlet("socket")
		s.open(receiver.ListenSocket(ln, section.Limits, in, counts, s.log), "socket", ln.Addr())
	}
	return nil
}

func (s *Service) open(d door, name string, at net.Addr) {
	s.doors = append(s.doors, d)
	s.bound[name] = at
}

// address returns where the receiver called name listens, empty when it does not.
func (s *Service) address(name string) string {
	if at := s.bound[name]; at != nil {
		return at.String()
	}
	return ""
}

// inlet makes a receiver's way into the pipeline and its counters.
func (s *Service) inlet(name string) (*pipeline.Inlet, *stat.Receiver) {
	counts := stat.NewReceiver(name, metric.Reasons())
	s.counts = append(s.counts, counts)
	return s.pipeline.Inlet(counts), counts
}

// startSteps is the order of the start; docs/architecture.md explains it.
func (s *Service) startSteps() []step {
	return []step{
		{"admin answers, not ready", s.startAdmin},
		{"senders send", s.sender.Start},
		{"journal is replayed", s.replay},
		{"state is kept", s.startKeeper},
		{"pipeline opens", s.pipeline.Open},
		{"receivers read", s.startReceivers},
		{"ready", func() { s.phase.Store(ready) }},
	}
}

// stopSteps is the order of the stop; docs/architecture.md explains it.
func (s *Service) stopSteps() []step {
	return []step{
		{"health says stopping", func() { s.phase.Store(stopping) }},
		{"receivers answer what they have and close", s.stopReceivers},
		{"pipeline closes", s.pipeline.Close},
		{"senders drain", s.drain},
		{"state is kept for the last time", s.stopKeeper},
		{"admin ends", s.stopAdmin},
		{"data directory is free", s.release},
	}
}

// Start runs the steps of the start. It is called once.
func (s *Service) Start() {
	s.run(s.startSteps())
	s.log.Info("relay is ready", "version", g.Version(), "commit", g.Commit(),
		"rpc", s.address("rpc"), "http", s.address("http"), "socket", s.address("socket"))
}

// Stop runs the steps of the stop, which take 8 s at most. What could not be
// delivered is said in the log. It is called once, after Start.
func (s *Service) Stop() {
	s.run(s.stopSteps())
	s.log.Info("relay has stopped")
}

func (s *Service) run(steps []step) {
	for i, step := range steps {
		s.log.Debug("step", "number", i+1, "name", step.name)
		step.do()
	}
}

func (s *Service) startAdmin() {
	if s.admin != nil {
		s.admin.Start()
	}
}

func (s *Service) startReceivers() {
	for _, d := range s.doors {
		d.Start()
	}
}

// stopReceivers lets all receivers finish at the same time.
func (s *Service) stopReceivers() {
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	var closing sync.WaitGroup
	for _, d := range s.doors {
		closing.Go(func() {
			if err := d.Stop(ctx); err != nil {
				s.log.Warn("requests in flight were cut off", "error", err)
			}
		})
	}
	closing.Wait()
}

// replay gives the targets what a relay before this one accepted and did not deliver.
func (s *Service) replay() {
	if s.storage == nil || s.storage.journal == nil {
		return
	}
	replay, read, lost, err := s.storage.replay(s.pipeline, s.sender, s.log)
	s.keeper.replay = replay
	s.keeper.replayed, _ = s.storage.journal.Bounds()
	if err != nil {
		s.log.Error("the journal is replayed in part only", "error", err)
		s.details = append(s.details, "after the start: "+err.Error())
	}
	if lost > 0 {
		s.log.Error("points of the journal are lost by damage", "points", lost)
	}
	if read > 0 {
		s.log.Info("journal replayed", "points", read)
	}
}

func (s *Service) startKeeper() {
	if s.keeper != nil {
		s.keeper.start()
	}
}

func (s *Service) stopKeeper() {
	if s.keeper != nil {
		s.keeper.stop()
	}
}

func (s *Service) drain() {
	ctx, cancel := context.WithTimeout(context.Background(), drainWithin)
	defer cancel()
	left := s.sender.Stop(ctx)
	switch {
	case left == 0:
	case s.storage != nil && s.storage.journal != nil:
		s.log.Info("points wait in the data directory for the next start", "points", left)
	default:
		s.log.Error("points are lost: their targets did not take them in time", "points", left)
	}
}

func (s *Service) stopAdmin() {
	if s.admin == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), adminWithin)
	defer cancel()
	if err := s.admin.Stop(ctx); err != nil {
		s.log.Warn("admin requests were cut off", "error", err)
	}
}

// release gives the data directory free.
func (s *Service) release() {
	if s.sender != nil {
		if err := s.sender.Close(); err != nil {
			s.log.Warn("cannot close the spools", "error", err)
		}
	}
	if s.storage == nil {
		return
	}
	if err := s.storage.close(); err != nil {
		s.log.Warn("the data directory is not closed in order", "error", err)
	}
}
