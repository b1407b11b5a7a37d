package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"transfer/g"
)

// runRelay runs the relay until SIGTERM or SIGINT. A second signal ends the
// process at once; SIGHUP makes it load its configuration again.
func runRelay(config string) error {
	cfg, err := g.Load(config)
	if err != nil {
		return &cannotRun{err}
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer signal.Stop(signals)
	// Whoever reads the log may die: that ends a line, not the relay.
	signal.Ignore(syscall.SIGPIPE)

	manner := newLogManner(cfg.LogFormat, cfg.LogLevel)
	log := newLogger(os.Stderr, manner)
	debug.SetMemoryLimit(int64(cfg.MemoryLimit))
	service, err := NewService(cfg, log, plainPorts{})
	if err != nil {
		return &cannotRun{err}
	}
	service.settle = func(cfg *g.Config) {
		manner.set(cfg.LogFormat, cfg.LogLevel)
		debug.SetMemoryLimit(int64(cfg.MemoryLimit))
	}
	service.Start()
	var stopped chan struct{} // nil until the first signal to stop
	for {
		select {
		case <-stopped:
			return nil
		case s := <-signals:
			switch {
			case s == syscall.SIGHUP:
				service.Reread()
			case stopped != nil:
				return fmt.Errorf("ended by a second signal (%s) before the stop was done", s)
			default:
				log.Info("signal received, stopping: a second one ends the process at once", "signal", s.String())
				stopped = make(chan struct{})
				go func() { service.Stop(); close(stopped) }()
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
