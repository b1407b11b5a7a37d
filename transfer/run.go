package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"transfer/g"
)

// runRelay runs the relay until SIGTERM or SIGINT, or until another process has taken
// over. A second signal ends the process at once.
func runRelay(config string, pids pidFile) error {
	p, err := startProcess(config, pids)
	if err != nil {
		return &cannotRun{err}
	}
	defer signal.Stop(p.signals)
	defer pids.remove()
	return p.run()
}

// errSecondSignal says that the stop was cut short.
var errSecondSignal = errors.New("ended by a second signal before the stop was done")

// run carries out what signals and the upgrade ask for, until the process is to end.
func (p *process) run() error {
	var (
		stopping bool
		stopped  chan struct{} // nil until the service stops
		under    *replacement  // to upgrade; nil: none is under way
		reload   bool          // is to come after it
	)
	stop := func() {
		stopped = make(chan struct{})
		go func() { p.service.Stop(); close(stopped) }()
	}
	for {
		select {
		case <-stopped:
			return nil
		case <-p.upgrade.asked:
			if stopping {
				p.upgrade.ended(errors.New("the relay stops"))
				continue
			}
			under = p.beginReplacement()
		case end := <-under.end():
			under = nil
			switch {
			case end.successor != 0 && stopping:
				return syscall.Kill(end.successor, syscall.SIGTERM)
			case end.successor != 0 || end.service == nil:
				return end.err
			}
			p.service = end.service
			switch {
			case stopping:
				stop()
			case reload:
				p.service.Reread()
			}
			reload = false
		case s := <-p.signals:
			switch {
			case s == syscall.SIGUSR2:
				if _, err := p.upgrade.Start(); err != nil {
					p.log.Warn("SIGUSR2 has no effect", "reason", err)
				}
			case s == syscall.SIGHUP && under != nil:
				reload = true
			case s == syscall.SIGHUP:
				p.service.Reread()
			case stopping:
				return fmt.Errorf("%w (%s)", errSecondSignal, s)
			default:
				stopping = true
				p.log.Info("signal received, stopping: a second one ends the process at once", "signal", s.String())
				p.notify("STOPPING=1")
				if under != nil {
					under.cancel()
				} else {
					stop()
				}
			}
		}
	}
}

// startRelay runs a relay within this process, for the demonstration.
func startRelay(cfg *g.Config) (stop func(context.Context) error, err error) {
	service, err := NewService(cfg, newLogger(os.Stderr, newLogManner(cfg.LogFormat, "warn")), plainPorts{})
	if err != nil {
		return nil, err
	}
	service.Start()
	return func(context.Context) error { service.Stop(); return nil }, nil
}
