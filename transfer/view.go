package main

import (
	"errors"
	"slices"

	"transfer/g"
	"transfer/g/metric"
	"transfer/g/stat"
	"transfer/http"
)

// view is the Service as the admin server sees it.
type view struct{ service *Service }

// About implements http.Relay.
func (v *view) About() http.About {
	return http.About{
		Name: g.Name, Version: g.Version(), Commit: g.Commit(), Started: v.service.started,
		MinStep: v.service.config().MinStep, MemoryLimit: int64(v.service.config().MemoryLimit),
	}
}

// Ready implements http.Relay.
func (v *view) Ready() error {
	switch v.service.phase.Load() {
	case starting:
		return errors.New("starting")
	case stopping:
		return errors.New("stopping")
	}
	return nil
}

// Health implements http.Relay.
func (v *view) Health() http.Health {
	s, cfg := v.service, v.service.config()
	h := http.Health{Durability: http.DurabilityOK, Details: append(slices.Clone(s.details), s.troubles()...)}
	if s.storage != nil && s.storage.journal != nil {
		h.Journal = s.storage.journal.Bytes()
	}
	switch {
	case cfg.Durability == durabilityMemory:
		h.Durability = http.DurabilityMemory
	case s.storage == nil || len(h.Details) > 0:
		h.Durability = http.DurabilityDegraded
	}
	h.Details = append(h.Details, s.siteTroubles()...) // Redis is no part of what is promised
	switch {
	case s.phase.Load() == stopping:
		h.Refusing = "stopping"
	case refuses(cfg) && s.storage != nil && s.storage.cannotKeep():
		h.Refusing = "the journal cannot be written"
	}
	return h
}

// troubles returns what is amiss on disk at present.
func (s *Service) troubles() (all []string) {
	if s.storage == nil {
		return nil
	}
	if j := s.storage.journal; j != nil {
		if err := j.Trouble(); err != nil {
			all = append(all, err.Error())
		}
	}
	if err := s.sender.Trouble(); err != nil {
		all = append(all, err.Error())
	}
	if text := s.keeper.problem(); text != "" {
		all = append(all, text)
	}
	return all
}

// Config implements http.Relay.
func (v *view) Config() any { return v.service.config().Effective() }

// Receivers implements http.Relay.
func (v *view) Receivers() []*stat.Receiver { return v.service.listeners.receivers() }

// Rings implements http.Relay.
func (v *view) Rings() []stat.Ring { return v.service.sender.Rings() }

// Trace implements http.Relay.
func (v *view) Trace(endpoint, name, tags string) []metric.Traced {
	return v.service.pipeline.Trace(endpoint, name, tags)
}

// Filter implements http.Relay.
func (v *view) Filter(endpoint, name, op, threshold, tags string) ([]metric.Traced, error) {
	return v.service.pipeline.Filter(endpoint, name, op, threshold, tags)
}
