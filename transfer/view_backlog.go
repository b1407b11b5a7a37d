package main

import (
	"context"
	"fmt"
	"time"

	"transfer/g/stat"
	"transfer/http"
	"transfer/sender/dead"
	"transfer/transfer/backlog"
)

// resendWithin bounds one resend: what takes longer goes on with the next one.
const resendWithin = time.Minute

// Spools implements http.Relay.
func (v *view) Spools() http.Backlog { return backlog.Running{Sender: v.service.sender} }

// Letters implements http.Relay.
func (v *view) Letters() http.Backlog { return v.service.letters() }

// letters returns the dead letters, none without a data directory.
func (s *Service) letters() backlog.Letters {
	if s.storage == nil {
		return backlog.Letters{}
	}
	return backlog.Letters{Store: s.storage.dead}
}

// Resend implements http.Relay.
func (v *view) Resend(ctx context.Context, target string, until uint64) (points uint64, err error) {
	s := v.service
	if !s.resending.TryLock() {
		return 0, fmt.Errorf("cannot resend to %s: another resend is under way, wait for its end", target)
	}
	defer s.resending.Unlock()
	ctx, cancel := context.WithTimeout(ctx, resendWithin)
	defer cancel()
	encoding, err := s.sender.Encoding(target)
	if err != nil {
		return 0, err
	}
	points, err = s.letters().Resend(ctx, target, until, encoding, func(ctx context.Context, letters []dead.Letter) error {
		var last uint64
		if s.storage.journal != nil {
			last, _ = s.storage.journal.Bounds()
		}
		return s.sender.Resend(ctx, target, last, letters)
	})
	if points > 0 {
		s.log.Info("dead letters are resent", "target", target, "points", points)
	}
	return points, err
}

// Targets implements http.Relay.
func (v *view) Targets() []stat.Target {
	targets := v.service.sender.Targets()
	if s := v.service.storage; s != nil {
		letters := s.dead.Counts()
		for i := range targets {
			targets[i].DeadLetters = letters[targets[i].ID]
		}
	}
	return targets
}
