package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"transfer/g/guard"
	"transfer/sender/overflow"
)

// adoptEvery is how often it is looked whether another relay has left something.
const adoptEvery = time.Second

// adopter takes over what relays that are gone have left in Redis.
type adopter struct {
	stop     context.CancelFunc // nil: it has not begun
	running  sync.WaitGroup
	restarts atomic.Uint64 // after a panic

	stranded atomic.Pointer[[]string] // why something is left where it is; nil: nothing is
}

// startAdopter begins to look, from time to time.
func (s *Service) startAdopter() {
	if s.site == nil || s.site.overflow == nil {
		return
	}
	a := &s.adopter
	ctx, stop := context.WithCancel(context.Background())
	a.stop = stop
	a.running.Go(func() {
		guard.Run(s.log, "adopter", &a.restarts, ctx.Done(), func() { s.runAdopter(ctx) })
	})
}

// stopAdopter ends that, and waits for an adoption that is under way.
func (s *Service) stopAdopter() {
	if s.adopter.stop != nil {
		s.adopter.stop()
		s.adopter.running.Wait()
	}
}

func (s *Service) runAdopter(ctx context.Context) {
	tick := time.NewTicker(adoptEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.adopt(ctx)
		}
	}
}

// adopt takes over what has been left, as far as this relay can.
func (s *Service) adopt(ctx context.Context) {
	streams := s.claimOrphans(ctx)
	if len(streams) == 0 {
		return
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	if s.phase.Load() != ready {
		for _, stream := range streams {
			stream.Close()
		}
		return
	}
	if change := s.sender.PlanAdoption(streams); change != nil {
		s.swapOutputs(s.config(), s.config(), planned{change})
	}
}

// claimOrphans takes the leases of all streams that have been left and that this relay can
// drain. Of the others it says once why they stay where they are.
func (s *Service) claimOrphans(ctx context.Context) (streams []*overflow.Stream) {
	var stranded []string
	for _, left := range s.site.overflow.Orphans() {
		if err := s.sender.Refuses(left.Meta); err != nil {
			stranded = append(stranded, err.Error())
			continue
		}
		stream, err := s.site.overflow.Adopt(ctx, left)
		switch {
		case err == nil:
			streams = append(streams, stream)
			s.log.Info("what another relay has left in Redis is adopted", "relay", left.Owner, "target", left.Target, "lane", left.Lane)
		case !errors.Is(err, overflow.ErrNotHeld): // or else another relay was first
			s.log.Warn("cannot adopt what another relay has left in Redis: tried again", "relay", left.Owner, "target", left.Target, "error", err)
			return streams
		}
	}
	slices.Sort(stranded)
	s.tellStranded(slices.Compact(stranded))
	return streams
}

// tellStranded notes why something is left where it is. The log hears of what is new.
func (s *Service) tellStranded(now []string) {
	before := s.strandings()
	s.adopter.stranded.Store(&now)
	for _, text := range now {
		if !slices.Contains(before, text) {
			s.log.Warn(text)
		}
	}
}

// strandings returns why something that another relay has left in Redis stays there.
func (s *Service) strandings() []string {
	if all := s.adopter.stranded.Load(); all != nil {
		return *all
	}
	return nil
}
