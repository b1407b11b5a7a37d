package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"transfer/g"
	"transfer/sender"
	"transfer/transfer/handover"
)

// process is the relay as a process of its own: signals, the pid file, the supervisor,
// and the Service, which an upgrade may replace by another one.
type process struct {
	pids    pidFile
	log     *slog.Logger
	manner  *logManner
	signals chan os.Signal
	ports   *heldPorts
	upgrade *upgrade
	service *Service // belongs to the upgrade while one is under way
}

// startProcess starts the relay: alone, or as the successor of the process that has
// started this one. An error leaves nothing behind that the process's end does not
// clear away.
func startProcess(config string, pids pidFile) (_ *process, err error) {
	before, err := handover.Inherit()
	if err != nil {
		return nil, err
	}
	if before != nil {
		defer func() {
			if err != nil {
				before.Failed(err)
			}
		}()
	}
	cfg, err := g.Load(config)
	if err != nil {
		return nil, err
	}
	p := &process{pids: pids, ports: &heldPorts{}, signals: make(chan os.Signal, 4)}
	signal.Notify(p.signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR2)
	// Whoever reads the log may die: that ends a line, not the relay.
	signal.Ignore(syscall.SIGPIPE)
	p.manner = newLogManner(cfg.LogFormat, cfg.LogLevel)
	p.log = newLogger(os.Stderr, p.manner)
	debug.SetMemoryLimit(int64(cfg.MemoryLimit))
	if p.upgrade, err = newUpgrade(); err != nil {
		return nil, err
	}
	if before != nil {
		return p, p.succeed(before, cfg)
	}
	if err := p.build(cfg); err != nil {
		return nil, err
	}
	if err := pids.write(); err != nil {
		p.service.abandon()
		return nil, err
	}
	p.service.Start()
	p.isMain(os.Getpid())
	return p, nil
}

// build makes the Service, which is not started yet.
func (p *process) build(cfg *g.Config) (err error) {
	if p.service, err = NewService(cfg, p.log, p.ports); err == nil {
		p.service.upgrade, p.service.settle = p.upgrade, p.settle
	}
	return err
}

// settle takes over what of a configuration concerns the whole process.
func (p *process) settle(cfg *g.Config) {
	p.manner.set(cfg.LogFormat, cfg.LogLevel)
	debug.SetMemoryLimit(int64(cfg.MemoryLimit))
}

// isMain tells the supervisor which process is the relay, and that it runs.
func (p *process) isMain(id int) { p.notify("READY=1", fmt.Sprintf("MAINPID=%d", id)) }

func (p *process) notify(states ...string) {
	if err := notify(states...); err != nil {
		p.log.Warn(err.Error())
	}
}

// succeed takes over from the process before this one.
func (p *process) succeed(before *handover.Predecessor, cfg *g.Config) error {
	p.ports.keep(before.Listeners)
	if err := p.validate(before.Estate, cfg); err != nil {
		return err
	}
	if err := before.Validated(context.Background()); err != nil {
		return err
	}
	if err := p.buildUnlocked(cfg); err != nil {
		return err
	}
	if before.Estate.Journal && p.service.journal() == nil {
		return fmt.Errorf("cannot go on with the journal of the relay that runs: %s", strings.Join(p.service.details, ", "))
	}
	p.service.Continue()
	p.ports.dropKept()
	if err := p.pids.write(); err != nil {
		return err
	}
	if err := before.Accepting(); err != nil {
		p.log.Warn("the process before this one does not hear that it is succeeded: it is gone already", "process", before.Estate.Process)
	}
	p.isMain(os.Getpid())
	p.log.Info("relay has taken over", "from", before.Estate.Process, "process", os.Getpid())
	return nil
}

// validate finds what stands in the way of running cfg before anything is taken from
// the process that runs, but for the ports, which are bound.
func (p *process) validate(estate handover.Estate, cfg *g.Config) error {
	here, err := estateOf(cfg)
	switch {
	case err != nil:
		return err
	case here.DataDir != estate.DataDir:
		return fmt.Errorf("dataDir: cannot change from %s to %s in an upgrade, since points may wait there: stop the relay and start it", estate.DataDir, here.DataDir)
	case here.Memory != estate.Memory:
		return errors.New("durability: cannot change to or from memory in an upgrade, since points may wait in the journal: stop the relay and start it")
	}
	if _, err := sender.New(cfg, slog.New(slog.DiscardHandler), sender.Storage{}); err != nil {
		return err
	}
	return p.ports.bind(cfg)
}

// unlockedWithin is how long a successor waits for the data directory, which somebody
// else, such as `transfer spool`, may hold for a moment.
const unlockedWithin = 5 * time.Second

// buildUnlocked builds as soon as the data directory can be locked.
func (p *process) buildUnlocked(cfg *g.Config) error {
	const pause = 10 * time.Millisecond
	for began := time.Now(); ; time.Sleep(pause) {
		err := p.build(cfg)
		if !errors.Is(err, errLocked) || time.Since(began) > unlockedWithin {
			return err
		}
	}
}
