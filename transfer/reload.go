package main

import (
	"errors"
	"time"

	"transfer/g"
	"transfer/g/guard"
	"transfer/g/stat"
)

// Reload loads the file again and applies it. What the admin API changed is dropped; rings
// that the shared topology has stay those.
// Of the calls that come while one is under way, the last one wins: they share one
// reload, forced if one of them is. On error nothing has changed; it is for the
// operator.
func (s *Service) Reload(force bool) (stat.Reloaded, error) {
	a, first := s.reloads.join(force)
	if !first {
		<-a.done
		return a.reloaded, a.err
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	a.err = errUnfinished
	defer func() { s.tellReload(a, s.reloads.finish(a)) }()
	a.reloaded, a.err = s.loadAgain(s.reloads.begin(a))
	return a.reloaded, a.err
}

// errUnfinished is what a reload ends with that panics.
var errUnfinished = errors.New("the reload was not finished: please report this, with the log")

// tellReload says in the log what came of the attempt; news: it has not been said yet.
func (s *Service) tellReload(a *attempt, news bool) {
	switch {
	case a.err != nil && news:
		s.log.Error("the configuration is refused, nothing has changed", "error", a.err)
	case a.err != nil:
	case len(a.reloaded.Changed) > 0:
		s.log.Info("the configuration is reloaded", "changed", a.reloaded.Changed)
	default:
		s.log.Info("the configuration is loaded again and has not changed")
	}
}

// loadAgain is Reload while s.changing is held.
func (s *Service) loadAgain(force bool) (stat.Reloaded, error) {
	was := s.conf.Load()
	file, err := g.Load(was.file.Path)
	if err != nil {
		return stat.Reloaded{}, err
	}
	next := newConfiguration(file, was.shared, nil)
	changed, err := s.apply(next, manner{force: force})
	if err != nil {
		return stat.Reloaded{}, err
	}
	for _, dropped := range was.edits.words() {
		changed = append(changed, "dropped, since the file does not have it: "+dropped)
	}
	if len(changed) > 0 {
		s.tellWarnings(file)
	}
	s.tellUnused()
	return stat.Reloaded{Changed: changed, Warnings: next.unused()}, nil
}

// Reread asks for a Reload and returns at once. What comes of it stands in the log.
func (s *Service) Reread() { s.reloads.ask() }

// watchEvery is how often the file is looked at, with watchConfig.
const watchEvery = 500 * time.Millisecond

// startReloads begins to carry out what Reread asks for, and to watch the file.
func (s *Service) startReloads() {
	file := &watchedFile{path: s.config().Path}
	s.reloads.running.Go(func() {
		guard.Run(s.log, "reloads", &s.reloads.restarts, s.reloads.end, func() { s.runReloads(file) })
	})
}

func (s *Service) runReloads(file *watchedFile) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.reloads.end:
			return
		case <-s.reloads.wake:
		case <-tick.C:
			if !s.config().WatchConfig || !file.changed() {
				continue
			}
		}
		_, _ = s.Reload(false) // it has told what came of it
	}
}

// stopReloads ends that, and waits for the change that is under way.
func (s *Service) stopReloads() {
	close(s.reloads.end)
	s.reloads.running.Wait()
	s.changing.Lock()
	defer s.changing.Unlock()
}
