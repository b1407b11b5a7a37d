package main

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"transfer/g"
	"transfer/g/stat"
	"transfer/sender"
	"transfer/transfer/pipeline"
)

// manner is how a configuration is to be applied.
type manner struct {
	force bool              // also if more series move than maxMove allows
	leave map[string]string // onRemove of the nodes that go now, by backend; else as the section has it
}

// errNotReady is answered to changes before the relay is ready and once it stops.
var errNotReady = errors.New("cannot change anything now: the relay is starting or stopping")

// apply makes next what the relay runs with, and returns in words what that has
// changed: nothing if it comes to the same. All that can be refused is built first; an
// error has changed nothing. s.changing is held.
func (s *Service) apply(next *configuration, how manner) (changed []string, err error) {
	if s.phase.Load() != ready {
		return nil, errNotReady
	}
	old, now := s.config(), next.inForce
	if changed = differences(old, now); changed == nil {
		next.since = s.conf.Load().since
		s.conf.Store(next)
		return nil, nil
	}
	if err := s.fixed(old, now); err != nil {
		return nil, err
	}
	// Nothing of what runs is touched until both are planned.
	targets, err := s.planTargets(old, now, how)
	if err != nil {
		return nil, err
	}
	ports, err := s.listeners.plan(now)
	if err != nil {
		targets.drop()
		return nil, err
	}
	s.pipeline.SetRefuse(refuses(now))
	s.swapOutputs(old, now, targets)
	s.conf.Store(next)
	ports.apply()
	if s.settle != nil {
		s.settle(now)
	}
	return changed, nil
}

// fixed refuses, by name, what this process can't change any more.
func (s *Service) fixed(old, now *g.Config) error {
	const restart = "restart the relay with this file, or take the key back"
	var errs []error
	refuse := func(key, why string) {
		errs = append(errs, fmt.Errorf("%s: cannot change %s while the relay runs: %s; %s", now.Path, key, why, restart))
	}
	if old.Durability != now.Durability {
		refuse("durability", "the points that are under way are kept as they came in")
	}
	if old.DataDir != now.DataDir {
		refuse("dataDir", "journal, spools and dead letters lie in the one of now")
	}
	if !reflect.DeepEqual(old.Redis, now.Redis) {
		refuse("redis", "other relays count on what this one has there")
	}
	if refuses(now) && !refuses(old) && s.storage == nil {
		refuse("onDiskError", "there is no data directory that could be written again")
	}
	return errors.Join(errs...)
}

// planned is a change of the targets, or nil where they stay as they are.
type planned struct{ rerouting }

func (p planned) drop() {
	if p.rerouting != nil {
		p.Drop()
	}
}

// planTargets builds what now changes of the targets, if anything.
func (s *Service) planTargets(old, now *g.Config, how manner) (planned, error) {
	if !reroutes(old, now) {
		return planned{}, nil
	}
	change, err := s.routes.Plan(leaving(now, how.leave))
	if err != nil {
		return planned{}, err
	}
	if err := tooMuchMoves(now, change.Moves()); err != nil && !how.force {
		change.Drop()
		return planned{}, err
	}
	return planned{change}, nil
}

// leaving returns cfg with another onRemove for some backends.
func leaving(cfg *g.Config, onRemove map[string]string) *g.Config {
	c := *cfg
	c.Backends = slices.Clone(cfg.Backends)
	for i, b := range c.Backends {
		if mode := onRemove[b.Name]; mode != "" {
			other := *b
			other.OnRemove = mode
			c.Backends[i] = &other
		}
	}
	return &c
}

// tooMuchMoves returns which backends' series would move more than their maxMove
// allows. The error is stat.ErrMaxMove.
func tooMuchMoves(cfg *g.Config, moves map[string]float64) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(moves)) {
		b := cfg.Backend(name)
		if b == nil || b.MaxMove == 0 || moves[name] <= b.MaxMove {
			continue
		}
		errs = append(errs, fmt.Errorf("%w: %s.maxMove is %.4g and %.4g of the series would change their node; force the change if that is what you want, with POST /config/reload?force=1 or force in the call that changes a node",
			stat.ErrMaxMove, name, b.MaxMove, moves[name]))
	}
	return errors.Join(errs...)
}

// swapOutputs lets points go where targets says, between two batches.
func (s *Service) swapOutputs(old, now *g.Config, targets planned) {
	clusters, between := s.sender.Clusters(), func() {}
	switch {
	case targets.rerouting != nil:
		clusters, between = targets.Clusters(), func() { s.reroute(targets) }
	case cacheOf(old) == cacheOf(now):
		return
	}
	before := s.sender.Rings()
	s.pipeline.Change(backendsOf(clusters), cacheOf(now), between)
	s.tellRings(before)
}

// reroute carries the change of the targets out, while no batch is under way. What
// comes after it, the journal has as going where it goes.
func (s *Service) reroute(to rerouting) {
	if j := s.journal(); j != nil {
		if err := j.SetRouting(to.Routing()); err != nil {
			s.log.Warn("the journal does not take where points go from now on: it will, before the next point", "error", err)
		}
	}
	to.Apply()
}

// isMaxMove reports whether a change was refused for what it moves alone.
func isMaxMove(err error) bool { return errors.Is(err, stat.ErrMaxMove) }

// cacheShare is the part of memoryLimit that the series cache may take.
const cacheShare = 4

func cacheOf(cfg *g.Config) pipeline.Cache {
	return pipeline.Cache{Series: cfg.SeriesCache, Bytes: int64(cfg.MemoryLimit) / cacheShare}
}

func backendsOf(clusters []*sender.Cluster) (all []pipeline.Backend) {
	for _, c := range clusters {
		all = append(all, c)
	}
	return all
}
