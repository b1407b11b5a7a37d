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

var (
	// errSecondSignal says that the stop was cut short.
	errSecondSignal = errors.New("ended by a second signal before the stop was done")
	// errStopping says why there is no upgrade any more.
	errStopping = errors.New("the relay stops")
)

// run carries out what signals and the upgrade ask for, until the process is to end.
func (p *process) run() error {
	c := &course{process: p}
	for {
		select {
		case <-c.stopped:
			return nil
		case <-p.upgrade.asked:
			c.replace()
		case end := <-c.under.end():
			if over, err := c.replaced(end); over {
				return err
			}
		case s := <-p.signals:
			if err := c.signal(s); err != nil {
				return err
			}
		}
	}
}

// course is how far a process has come that was started.
type course struct {
	*process
	under    *replacement  // the upgrade under way; nil: none is
	reload   bool          // is to come after it, if this process goes on
	stopping bool          // the process is to end
	stopped  chan struct{} // closed once the service has stopped; nil until that begins
}

// signal carries out what a signal asks for. On error the process is to end at once.
func (c *course) signal(s os.Signal) error {
	switch {
	case s == syscall.SIGUSR2:
		if _, err := c.upgrade.Start(); err != nil {
			c.log.Warn("SIGUSR2 has no effect", "reason", err)
		}
	case s == syscall.SIGHUP && c.under != nil:
		c.reload = true
	case s == syscall.SIGHUP:
		c.service.Reread()
	case c.stopping:
		return fmt.Errorf("%w (%s)", errSecondSignal, s)
	default:
		c.stopping = true
		c.log.Info("signal received, stopping: a second one ends the process at once", "signal", s.String())
		c.notify("STOPPING=1")
		if c.under != nil {
			c.under.cancel()
			break
		}
		c.stop()
	}
	return nil
}

// stop begins to stop the service.
func (c *course) stop() {
	c.stopped = make(chan struct{})
	go func() { c.service.Stop(); close(c.stopped) }()
}

// replace begins an upgrade.
func (c *course) replace() {
	if c.stopping {
		c.upgrade.ended(errStopping)
		return
	}
	c.under = c.beginReplacement()
}

// replaced goes on after an upgrade, if there is something to go on with: over says that
// there is not.
func (c *course) replaced(end replaced) (over bool, err error) {
	c.under = nil
	switch {
	case end.successor != 0 && c.stopping:
		return true, syscall.Kill(end.successor, syscall.SIGTERM)
	case end.successor != 0 || end.service == nil:
		return true, end.err
	}
	c.service = end.service
	switch {
	case c.stopping:
		c.stop()
	case c.reload:
		c.service.Reread()
	}
	c.reload = false
	return false, nil
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
