package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"transfer/g"
	"transfer/transfer/handover"
)

// How long the new process may take.
const (
	validatedWithin = 30 * time.Second // to find that it could run
	acceptingWithin = 15 * time.Second // to replay the journal and read the listeners
)

// backWithin is how long this process tries to go on when the new one did not.
const backWithin = 30 * time.Second

// replacement is an upgrade that is under way.
type replacement struct {
	cancel context.CancelFunc // this process is to end
	ends   chan replaced
}

// replaced says what came of an upgrade.
type replaced struct {
	successor int      // the process that has taken over; 0: none has
	service   *Service // that runs here; nil: none does
	err       error    // why the process can't go on, if that is so
}

// end returns where the end is told; a nil replacement has none.
func (r *replacement) end() <-chan replaced {
	if r == nil {
		return nil
	}
	return r.ends
}

// beginReplacement begins an upgrade. Until its end the service belongs to it.
func (p *process) beginReplacement() *replacement {
	ctx, cancel := context.WithCancel(context.Background())
	r := &replacement{cancel: cancel, ends: make(chan replaced, 1)}
	go func() {
		defer cancel()
		r.ends <- p.replace(ctx)
	}()
	return r
}

// replace puts the new program in the place of this process, if it can. When ctx ends
// before that, this process is to end, and the new one does.
func (p *process) replace(ctx context.Context) replaced {
	p.notify("RELOADING=1", "MONOTONIC_USEC="+monotonic())
	next, held, err := p.startSuccessor(ctx)
	if err != nil {
		p.failed(ctx, err)
		return replaced{service: p.service}
	}
	defer held.close()
	conf := p.service.conf.Load()
	for _, dropped := range conf.edits.words() {
		p.log.Warn("the upgrade drops what the file does not have", "edit", dropped)
	}
	p.service.HandOver()
	err = next.Release()
	if err == nil {
		err = within(ctx, acceptingWithin, next.Accepting)
	}
	if err == nil {
		p.log.Info("another process has taken over, this one ends", "process", next.Process())
		p.isMain(next.Process())
		return replaced{successor: next.Process()}
	}
	next.Kill()
	if ctx.Err() != nil {
		p.log.Info("relay has stopped in the midst of an upgrade: what was not delivered waits in the data directory")
		return replaced{}
	}
	if e := p.goBack(ctx, conf, held); e != nil {
		return replaced{err: errors.Join(fmt.Errorf("the upgrade failed: %w", err), e)}
	}
	p.failed(ctx, err)
	return replaced{service: p.service}
}

// failed notes that this process goes on instead of the new one, if only to stop.
func (p *process) failed(ctx context.Context, err error) {
	if ctx.Err() != nil {
		p.upgrade.ended(errStopping)
		return
	}
	p.upgrade.ended(err)
	p.log.Error("the upgrade failed, this process goes on", "error", err)
	p.isMain(os.Getpid())
}

// startSuccessor starts the new process and waits until it could run. held are its
// listeners, for this process to have them again.
func (p *process) startSuccessor(ctx context.Context) (next *handover.Successor, held *copies, err error) {
	if err := errors.Join(mayEnd(os.Getpid()), p.service.keepsAll()); err != nil {
		return nil, nil, err
	}
	estate, err := estateOf(p.service.config())
	if err != nil {
		return nil, nil, err
	}
	estate.Journal = p.service.journal() != nil
	if held, err = p.ports.copyOpen(); err != nil {
		return nil, nil, err
	}
	estate.Listeners = held.addresses
	if next, err = handover.Start(p.upgrade.program, os.Args[1:], estate, held.files); err != nil {
		held.close()
		return nil, nil, err
	}
	p.log.Info("upgrade: the new process is started", "process", next.Process(), "program", p.upgrade.program)
	if err = within(ctx, validatedWithin, next.Validated); err == nil {
		err = p.service.keepsAll()
	}
	if err != nil {
		next.Kill()
		held.close()
		return nil, nil, err
	}
	return next, held, nil
}

// mayEnd returns nil if the process of that id can end and leave its successor behind.
func mayEnd(id int) error {
	if id == 1 {
		return errors.New("cannot upgrade process 1, at whose end all processes of its container end: start another container, or the relay under an init")
	}
	return nil
}

// goBack makes this process the relay again, with the configuration that was in force and
// the listeners that were held.
func (p *process) goBack(ctx context.Context, conf *configuration, held *copies) error {
	const pause = 250 * time.Millisecond
	for began := time.Now(); ; time.Sleep(pause) {
		listeners, err := held.listeners()
		if err == nil {
			p.ports.keep(listeners)
			err = p.buildUnlocked(conf.inForce)
			p.ports.dropKept()
		}
		switch {
		case err == nil:
			p.service.conf.Store(conf)
			p.service.Continue()
			if err := p.pids.write(); err != nil { // the new process may have written it
				p.log.Warn(err.Error())
			}
			return nil
		case ctx.Err() != nil || time.Since(began) > backWithin:
			return fmt.Errorf("cannot go on after it: %w", err)
		}
		p.log.Error("cannot go on after an upgrade that failed, trying again", "error", err)
	}
}

// within calls wait, which has so long from now on, at most until ctx ends.
func within(ctx context.Context, limit time.Duration, wait func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it says nothing for %s", limit))
	defer cancel()
	return wait(ctx)
}

// estateOf returns what the configuration of a relay says of what that leaves to another
// one.
func estateOf(cfg *g.Config) (handover.Estate, error) {
	dir, err := filepath.Abs(cfg.DataDir)
	if err != nil {
		return handover.Estate{}, fmt.Errorf("cannot find the data directory: %w", err)
	}
	return handover.Estate{DataDir: dir, Memory: cfg.Durability == durabilityMemory}, nil
}

// monotonic returns the time as systemd wants it of a reload: microseconds of
// CLOCK_MONOTONIC.
func monotonic() string {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return "0"
	}
	return fmt.Sprint(now.Nano() / 1000)
}
