package main

import (
	"errors"

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
		MinStep: v.service.cfg.MinStep, MemoryLimit: int64(v.service.cfg.MemoryLimit),
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

// Health implements http.Relay. Before there is a journal, acknowledged points are
// held in memory whatever the configuration says, and the details say so.
func (v *view) Health() http.Health {
	h := http.Health{Durability: http.DurabilityMemory, Details: v.service.details}
	if v.service.phase.Load() == stopping {
		h.Refusing = "stopping"
	}
	return h
}

// Config implements http.Relay.
func (v *view) Config() any { return v.service.cfg.Effective() }

// Receivers implements http.Relay.
func (v *view) Receivers() []*stat.Receiver { return v.service.counts }

// Targets implements http.Relay.
func (v *view) Targets() []stat.Target { return v.service.sender.Targets() }

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
