package main

import (
	"github.com/redis/go-redis/v9"

	"transfer/g/remote"
)

// site is what a relay has of the others: the Redis that they share, and its name among
// them. Without the section redis there is none.
type site struct {
	relay  string // this relay's id
	client redis.UniversalClient
}

// joinSite opens the client, without any I/O to Redis.
func (s *Service) joinSite() error {
	cfg := s.config()
	if !cfg.Redis.Enabled {
		return nil
	}
	id, err := relayID(cfg)
	if err != nil {
		s.log.Warn("this relay's id does not last", "relay", id, "error", err)
	}
	client, err := remote.Open(&cfg.Redis)
	if err != nil {
		return err
	}
	s.site = &site{relay: id, client: client}
	return nil
}

// leaveSite closes the client. Nobody uses it any more.
func (s *Service) leaveSite() {
	if s.site == nil {
		return
	}
	if err := s.site.client.Close(); err != nil {
		s.log.Warn("cannot close the connections to Redis", "error", err)
	}
}
