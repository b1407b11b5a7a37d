package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"transfer/g"
)

// letGoWithin is how long requests in flight, and then calls in flight, may take when
// the relay is handed over: clients wait for the new process meanwhile.
const letGoWithin = time.Second

// continueSteps is the order of a start in the place of another relay. It differs in
// that the admin server comes last: until then the kernel keeps its clients waiting, as
// it does with those of all listeners, and nobody is told to come again.
func (s *Service) continueSteps() []step {
	steps := s.startSteps()
	return append(steps[1:], steps[0])
}

// Continue runs the steps of a start in the place of another relay. It is called once,
// instead of Start.
func (s *Service) Continue() {
	s.run(s.continueSteps())
	s.sayReady()
}

// sayReady logs that points are taken, and where.
func (s *Service) sayReady() {
	s.log.Info("relay is ready", "version", g.Version(), "commit", g.Commit(),
		"rpc", s.listeners.address(listenerRPC),
		"http", s.listeners.address(listenerHTTP), "socket", s.listeners.address(listenerSocket))
}

// handOverSteps is the order of a stop after which another relay goes on;
// docs/architecture.md explains it.
func (s *Service) handOverSteps() []step {
	return []step{
		{"health says stopping", func() { s.phase.Store(stopping) }},
		{"changes are done", s.stopChanges},
		{"listeners are read no more, requests are answered", s.listeners.letGo},
		{"pipeline closes", s.pipeline.Close},
		{"senders end, what waits stays", s.halt},
		{"state is kept for the last time", s.stopKeeper},
		{"data directory is free", s.release},
	}
}

// HandOver stops the relay without draining it, which takes 2 s at most
// where there is a journal. It is
// called once, after Start, instead of Stop.
func (s *Service) HandOver() {
	s.run(s.handOverSteps())
}

// letGo answers the requests that are in flight and closes all connections and ports.
// Points that are pushed by HTTP are taken until the admin server has ended, so that
// none is told to come again.
func (l *listeners) letGo() {
	end := time.Now().Add(letGoWithin)
	var closing sync.WaitGroup
	for _, one := range l.open {
		l.free(one.port)
		closing.Go(func() {
			if one.admin != nil {
				l.stop(one.admin, time.Until(end))
			}
			l.stop(one.points, time.Until(end))
		})
	}
	closing.Wait()
	l.ending.Wait()
}

// halt ends the senders. What waits is left to the next relay; where it would be lost
// with this process it is delivered first, for as long as a stop takes.
func (s *Service) halt() {
	if s.journal() == nil || s.storage.cannotKeep() {
		s.drain()
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), letGoWithin)
	defer cancel()
	if left := s.sender.Halt(ctx); left > 0 {
		s.log.Info("points wait in the data directory for the next process", "points", left)
	}
}

// keepsAll returns nil if what the relay has accepted outlives it, or is meant not to,
// else what is in the way.
func (s *Service) keepsAll() error {
	if s.storage == nil || !s.storage.cannotKeep() {
		return nil
	}
	return fmt.Errorf("cannot hand over now, since acknowledged points lie in memory only: %w", s.storage.journal.Trouble())
}
