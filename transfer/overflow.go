package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"transfer/g"
	"transfer/sender/overflow"
)

// openOverflow gives the relay its part of Redis for backlogs, nil where it has none: in
// memory mode a backlog has no place behind it. A Redis that answers and would throw
// backlogs away is refused, if any are to go there; one that does not answer is not waited
// for.
func (s *Service) openOverflow() (*overflow.Store, error) {
	if s.site == nil || s.storage == nil || s.storage.spools == nil {
		return nil, nil
	}
	cfg := s.config()
	store := overflow.New(overflow.Options{
		Client: s.site.client, Prefix: cfg.Redis.Prefix, Relay: s.site.relay,
		Lease: cfg.Redis.Lease, CallTimeout: cfg.Redis.CallTimeout,
		StreamShare: cfg.Redis.StreamShare, Share: cfg.Redis.Share, Log: s.log,
	})
	s.site.overflow = store
	using := overflowing(cfg)
	if len(using) == 0 {
		return store, nil
	}
	within, cancel := context.WithDeadline(context.Background(), s.site.joined)
	defer cancel()
	var policy *overflow.PolicyError
	if err := store.Look(within); errors.As(err, &policy) {
		return nil, fmt.Errorf("%s: %s: %w", cfg.Path, using[0], policy)
	}
	return store, nil
}

// overflowing returns the keys of the backends whose backlogs go to Redis.
func overflowing(cfg *g.Config) (keys []string) {
	for _, b := range cfg.Backends {
		if strings.Contains(b.Overflow, "redis") {
			keys = append(keys, b.Name+".overflow")
		}
	}
	return keys
}

// overflowTroubles returns why backlogs cannot go to Redis at present. As long as the disk
// takes them nothing is the less safe for it.
func (s *Service) overflowTroubles() []string {
	using := overflowing(s.config())
	if s.site == nil || s.site.overflow == nil || len(using) == 0 {
		return nil
	}
	err := s.site.overflow.Trouble()
	if err == nil {
		return nil
	}
	return []string{fmt.Sprintf("%s: backlogs do not go to Redis: %s", strings.Join(using, ", "), err)}
}
