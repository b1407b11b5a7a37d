package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"transfer/g"
	"transfer/g/guard"
	"transfer/g/remote"
	"transfer/g/stat"
	"transfer/sender"
	"transfer/sender/overflow"
	"transfer/transfer/topology"
)

// site is what a relay has of the others: the Redis that they share, and its name among
// them. Without the section redis there is none.
type site struct {
	relay    string // this relay's id
	client   redis.UniversalClient
	follower *topology.Follower
	overflow *overflow.Store // for backlogs; nil: there is none
	joined   time.Time       // until when the start waits for Redis

	end      context.CancelFunc // ends the follower
	running  sync.WaitGroup
	restarts atomic.Uint64 // of the follower after a panic
}

// topologyName is the file in the data directory with the topology that was in force last.
const topologyName = "topology.json"

// joinWithin is how long a start waits for Redis.
const joinWithin = time.Second

// joinSite opens the client and begins with the topology of the site, if there is one.
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
	s.site = &site{relay: id, client: client, joined: time.Now().Add(joinWithin)}
	shared := s.site.begin(cfg, s.log)
	s.conf.Store(newConfiguration(cfg, shared, nil))
	host, _ := os.Hostname() // it is shown, and no more
	s.site.follower = topology.New(topology.Options{
		Store:   topology.NewStore(client, cfg.Redis.Prefix),
		Relay:   sharedRings{s},
		Self:    stat.Peer{Relay: id, Host: host, PID: os.Getpid(), Started: s.started},
		InForce: shared,
		Keep: func(d *topology.Document) error {
			return topology.Save(filepath.Join(cfg.DataDir, topologyName), cfg.Redis.Prefix, d)
		},
		Log: s.log,
		Now: time.Now,
	})
	if shared != nil {
		s.log.Info("the shared topology is in force", "version", shared.Version, "relay", id)
		s.tellUnused()
	}
	return nil
}

// begin returns the topology with which the relay starts, nil if there is none.
func (s *site) begin(cfg *g.Config, log *slog.Logger) *topology.Document {
	last, err := topology.Load(filepath.Join(cfg.DataDir, topologyName), cfg.Redis.Prefix)
	if err != nil {
		log.Error("the topology that was in force last is lost", "error", err)
	}
	within, cancel := context.WithDeadline(context.Background(), s.joined)
	defer cancel()
	usable := func(d *topology.Document) error {
		_, err := sender.New(d.On(cfg), slog.New(slog.DiscardHandler), sender.Storage{})
		return err
	}
	return topology.AtStart(within, topology.NewStore(s.client, cfg.Redis.Prefix), last, usable, log)
}

// startFollowing begins to follow the topology of the site.
func (s *Service) startFollowing() {
	if s.site == nil {
		return
	}
	ctx, end := context.WithCancel(context.Background())
	s.site.end = end
	s.site.running.Go(func() {
		guard.Run(s.log, "follower", &s.site.restarts, ctx.Done(), func() { s.site.follower.Run(ctx) })
	})
}

// stopFollowing ends that, and waits for the change that is under way.
func (s *Service) stopFollowing() {
	if s.site == nil {
		return
	}
	s.site.end()
	s.site.running.Wait()
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
