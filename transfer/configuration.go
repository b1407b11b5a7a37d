package main

import (
	"fmt"
	"time"

	"transfer/g"
	"transfer/g/stat"
	"transfer/transfer/topology"
)

// configuration is what the relay runs with: its file, the rings that several relays
// share, and what the admin API changed since. It never changes; another one takes its
// place.
type configuration struct {
	file    *g.Config
	shared  *topology.Document // nil: the file's rings are in force
	edits   edits
	inForce *g.Config // the file with the shared rings, with the edits
	since   time.Time
	hash    uint32 // of what is in force
}

func newConfiguration(file *g.Config, shared *topology.Document, edits edits) *configuration {
	inForce := edits.with(shared.On(file))
	return &configuration{file: file, shared: shared, edits: edits, inForce: inForce, since: time.Now(), hash: hashOf(inForce)}
}

// with returns the configuration with another topology. Nodes that it names have been
// changed by the API no more.
func (c *configuration) with(shared *topology.Document) *configuration {
	var left edits
	for _, e := range c.edits {
		if !shared.Names(e.backend) {
			left = append(left, e)
		}
	}
	return newConfiguration(c.file, shared, left)
}

// editable returns nil if the API may change the nodes of a backend, else the error is
// stat.ErrTopology.
func (c *configuration) editable(backend string) error {
	if !c.shared.Names(backend) {
		return nil
	}
	return fmt.Errorf("cannot change the nodes of %s at one relay: %w, version %d; set another one with transfer topology set", backend, stat.ErrTopology, c.shared.Version)
}

// unused says which rings of the file are not in force, since the shared topology has
// others.
func (c *configuration) unused() (warnings []string) {
	for _, backend := range c.shared.Differs(c.file) {
		warnings = append(warnings, fmt.Sprintf("%s: %s.cluster, hash and replicas of the file are not in force, version %d of the shared topology is; transfer topology set %s makes them a version",
			c.file.Path, backend, c.shared.Version, c.file.Path))
	}
	return warnings
}
