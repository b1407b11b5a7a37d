package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	jsoniter "github.com/json-iterator/go"

	"transfer/g"
	"transfer/g/segment"
	"transfer/g/slots"
	"transfer/sender"
	"transfer/sender/dead"
	"transfer/sender/spool"
	"transfer/transfer/pipeline"
	"transfer/transfer/pipeline/journal"
)

// The values of durability and onDiskError that decide something here.
const (
	durabilityMemory  = "memory"
	durabilityFsync   = "fsync"
	onDiskErrorRefuse = "refuse"
)

// The parts of the data directory.
const (
	stateName  = "state"
	journalDir = "journal"
	spoolDir   = "spool"
	deadDir    = "dead"
)

// storage is what a relay has on disk.
type storage struct {
	dir     *dataDir
	slots   *slots.Slots
	past    *state           // as stored last; nil: none
	journal *journal.Journal // nil: acknowledged points lie in memory only
	spools  *spool.Store     // likewise
	dead    *dead.Store
}

// openStorage takes the data directory and what lies in it. Nothing is written before
// a point is.
func openStorage(cfg *g.Config, log *slog.Logger) (_ *storage, err error) {
	s := &storage{}
	if s.dir, err = openDataDir(cfg.DataDir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if err := s.openState(cfg.DataDir, log); err != nil {
		return nil, err
	}
	if s.dead, err = dead.Open(filepath.Join(cfg.DataDir, deadDir), dead.Options{Log: log}); err != nil {
		return nil, err
	}
	if cfg.Durability == durabilityMemory {
		return s, nil
	}
	options := journal.Options{Sync: cfg.Durability == durabilityFsync, Log: log}
	if s.past != nil {
		options.After = s.past.Journal
	}
	if s.journal, err = journal.Open(filepath.Join(cfg.DataDir, journalDir), options); err != nil {
		return nil, err
	}
	s.spools, err = spool.Open(filepath.Join(cfg.DataDir, spoolDir), spool.Options{Log: log})
	return s, err
}

// openState reads the state that was stored last. One that is lost costs no point:
// what the journal and the spools have is sent once more.
func (s *storage) openState(dir string, log *slog.Logger) error {
	kept, text, damage, err := slots.Open(segment.OSDisk{}, dir, stateName)
	if err != nil {
		return err
	}
	s.slots = kept
	for _, d := range damage {
		log.Error("the stored state is damaged: points may be sent twice", "error", d)
	}
	if text == nil {
		return nil
	}
	past := &state{}
	if err := jsoniter.Unmarshal(text, past); err != nil {
		log.Error("the stored state is not understood: points may be sent twice", "error", err)
		return nil
	}
	s.past = past
	return nil
}

// ofSender returns what the sender needs of it.
func (s *storage) ofSender() sender.Storage {
	kept := sender.Storage{Spools: s.spools, Dead: s.dead}
	if s.past != nil {
		kept.Past = &s.past.State
	}
	return kept
}

// replay gives the targets of to what the journal has of theirs, then makes the journal
// say where points go from now on. It returns how many points it read and how many are
// lost.
func (s *storage) replay(p *pipeline.Pipeline, to *sender.Sender, log *slog.Logger) (replay *sender.Replay, read, lost uint64, err error) {
	replay = to.Replay(s.ofSender().Past)
	read, lost, err = p.Replay(context.Background(), replay.From(), s.journal, replay)
	if err := s.journal.SetRouting(to.Routing()); err != nil {
		log.Warn("the journal does not take where points go from now on: it will, before the next point", "error", err)
	}
	return replay, read, lost, err
}

// cannotKeep reports whether the journal does not take what it should.
func (s *storage) cannotKeep() bool { return s.journal != nil && s.journal.Trouble() != nil }

// close lets go of everything.
func (s *storage) close() error {
	var errs []error
	if s.journal != nil {
		errs = append(errs, s.journal.Close())
	}
	if s.dead != nil {
		errs = append(errs, s.dead.Close())
	}
	if s.slots != nil {
		errs = append(errs, s.slots.Close())
	}
	errs = append(errs, s.dir.Close())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("cannot close the data directory: %w", err)
	}
	return nil
}
