package main

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"transfer/g"
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
	log     *slog.Logger
	started time.Time
	phase   atomic.Int32
	details []string // what the operator must know of this run's durability

	conf     atomic.Pointer[configuration]
	settle   func(*g.Config) // takes over what concerns the whole process; nil: nothing does
	changing sync.Mutex      // held while another configuration is applied
	reloads  *reloads
	adopter  adopter

	storage  *storage // nil: the relay goes on without
	site     *site    // nil: it is one alone
	keeper   *keeper  // likewise
	sender   *sender.Sender
	routes   routes
	pipeline *pipeline.Pipeline

	listeners *listeners

	resending sync.Mutex // held while dead letters are sent again
	upgrade   *upgrade   // of the process; nil: it cannot be upgraded
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
	s := &Service{log: log, started: time.Now(), reloads: newReloads()}
	s.conf.Store(newConfiguration(cfg, nil, nil))
	s.listeners = newListeners(ports, &rooms{acceptor: s.inlet, relay: &view{s}, log: log}, log)
	s.tellWarnings(cfg)
	for _, build := range []func() error{s.takeStorage, s.joinSite, s.buildPath, s.bind} {
		if err := build(); err != nil {
			s.abandon()
			return nil, err
		}
	}
	return s, nil
}

// config returns the configuration in force.
func (s *Service) config() *g.Config { return s.conf.Load().inForce }

func (s *Service) tellWarnings(cfg *g.Config) {
	for _, w := range cfg.Warnings {
		s.log.Warn("configuration: " + w.String())
	}
}

// abandon closes what was taken by a start that did not come about.
func (s *Service) abandon() {
	s.listeners.stopReceivers()
	s.listeners.stopAdmin()
	s.release()
}

// startSteps is the order of the start; docs/architecture.md explains it.
func (s *Service) startSteps() []step {
	return []step{
		{"admin answers, not ready", s.listeners.startAdmin},
		{"senders send", s.sender.Start},
		{"journal is replayed", s.replay},
		{"state is kept", s.startKeeper},
		{"pipeline opens", s.pipeline.Open},
		{"receivers read", s.listeners.startReceivers},
		{"ready", func() { s.phase.Store(ready) }},
		{"changes are taken", s.startChanges},
	}
}

// stopSteps is the order of the stop; docs/architecture.md explains it.
func (s *Service) stopSteps() []step {
	return []step{
		{"health says stopping", func() { s.phase.Store(stopping) }},
		{"changes are done", s.stopChanges},
		{"receivers answer what they have and close", s.listeners.stopReceivers},
		{"pipeline closes", s.pipeline.Close},
		{"senders drain", s.drain},
		{"state is kept for the last time", s.stopKeeper},
		{"admin ends", s.listeners.stopAdmin},
		{"data directory is free", s.release},
	}
}

// Start runs the steps of the start. It is called once.
func (s *Service) Start() {
	s.run(s.startSteps())
	s.sayReady()
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

// replay gives the targets what a relay before this one accepted and did not deliver.
func (s *Service) replay() {
	if s.journal() == nil {
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

// startChanges begins to take changes by itself: of the file, and of what relays share.
func (s *Service) startChanges() {
	s.startReloads()
	s.startFollowing()
	s.startAdopter()
}

// stopChanges ends that, and waits for the one that is under way.
func (s *Service) stopChanges() {
	s.stopAdopter()
	s.stopFollowing()
	s.stopReloads()
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
	case s.journal() != nil:
		s.log.Info("points wait in the data directory for the next start", "points", left)
	default:
		s.log.Error("points are lost: their targets did not take them in time", "points", left)
	}
}

// release gives the data directory free.
func (s *Service) release() {
	if s.sender != nil {
		if err := s.sender.Close(); err != nil {
			s.log.Warn("cannot close the spools", "error", err)
		}
	}
	s.leaveSite()
	if s.storage == nil {
		return
	}
	if err := s.storage.close(); err != nil {
		s.log.Warn("the data directory is not closed in order", "error", err)
	}
}
