package main

import (
	"errors"
	"time"

	"transfer/g"
	"transfer/g/stat"
	"transfer/receiver"
	"transfer/sender"
	"transfer/transfer/pipeline"
	"transfer/transfer/pipeline/journal"
)

// takeStorage takes the data directory. Without a usable one the relay goes on in
// memory if onDiskError allows it, and says so in its health.
func (s *Service) takeStorage() error {
	cfg := s.config()
	storage, err := openStorage(cfg, s.log)
	switch {
	case err == nil:
		s.storage = storage
	case errors.Is(err, errLocked) || refuses(cfg):
		return err
	default:
		s.log.Error("data directory cannot be used, going on in memory", "error", err)
		s.details = append(s.details, err.Error())
	}
	return nil
}

// refuses reports whether points that cannot be kept on disk are refused.
func refuses(cfg *g.Config) bool {
	return cfg.Durability != durabilityMemory && (cfg.OnDiskError == onDiskErrorRefuse || cfg.Durability == durabilityFsync)
}

// journal returns the journal, nil where acknowledged points lie in memory only.
func (s *Service) journal() *journal.Journal {
	if s.storage == nil {
		return nil
	}
	return s.storage.journal
}

// buildPath makes the way of a point, from its end to its beginning.
func (s *Service) buildPath() (err error) {
	cfg := s.config()
	var kept sender.Storage
	var durability pipeline.Durability
	if s.storage != nil {
		kept = s.storage.ofSender()
		if s.storage.journal != nil {
			durability = pipeline.Durability{Journal: s.storage.journal, Refuse: refuses(cfg)}
		}
	}
	if kept.Overflow, err = s.openOverflow(); err != nil {
		return err
	}
	if s.sender, err = sender.New(cfg, s.log, kept); err != nil {
		return err
	}
	if s.storage != nil {
		s.keeper = &keeper{
			slots: s.storage.slots, journal: s.storage.journal, sender: s.sender, past: s.storage.past,
			durable: cfg.Durability == durabilityFsync, log: s.log,
		}
	}
	s.routes = senderRoutes{s.sender}
	s.pipeline = pipeline.New(backendsOf(s.sender.Clusters()), cacheOf(cfg), durability, time.Now)
	s.tellRings(nil)
	return nil
}

// tellRings says in the log which rings are not those of before.
func (s *Service) tellRings(before []stat.Ring) {
	known := make(map[string]string)
	for _, r := range before {
		known[r.Backend] = r.Fingerprint
	}
	for _, r := range s.sender.Rings() {
		if known[r.Backend] != r.Fingerprint {
			s.log.Info("ring built", "backend", r.Backend, "fingerprint", r.Fingerprint,
				"hash", r.Hash, "replicas", r.Replicas, "nodes", len(r.Shares))
		}
	}
}

// bind binds all ports; nobody reads yet.
func (s *Service) bind() error {
	change, err := s.listeners.plan(s.config())
	if err != nil {
		return err
	}
	change.apply()
	return nil
}

// inlet returns a receiver's way into the pipeline.
func (s *Service) inlet(counts *stat.Receiver) receiver.Acceptor { return s.pipeline.Inlet(counts) }
