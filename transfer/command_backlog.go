package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"

	jsoniter "github.com/json-iterator/go"

	"transfer/g/segment"
	"transfer/sender"
	"transfer/sender/spool"
	"transfer/transfer/backlog"
)

// openData takes the data directory of a stopped relay for the commands that look into
// it.
func openData(dir string) (backlog.Data, error) {
	locked, err := openDataDir(dir)
	if errors.Is(err, errLocked) {
		return nil, fmt.Errorf("%w: %w", backlog.ErrRuns, err)
	}
	if err != nil {
		return nil, err
	}
	d := &stoppedData{storage{dir: locked}}
	if err := d.openState(dir, slog.New(slog.NewTextHandler(os.Stderr, nil))); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	if d.past == nil {
		d.past = &state{}
	}
	return d, nil
}

// stoppedData is the state of a stopped relay. It implements backlog.Data.
type stoppedData struct{ storage }

// Read implements backlog.Data.
func (d *stoppedData) Read(target string, lane int) segment.Position {
	i := d.find(target)
	if i < 0 || lane >= len(d.past.Targets[i].Lanes) {
		return segment.Position{}
	}
	return d.past.Targets[i].Lanes[lane].Read
}

// Purged implements backlog.Data.
func (d *stoppedData) Purged(f spool.Folder, points uint64) error {
	i := d.find(f.Target)
	if i < 0 { // the state was lost, or never stored with it
		i = len(d.past.Targets)
		d.past.Targets = append(d.past.Targets, sender.TargetState{ID: f.Target, Former: true})
	}
	d.past.Targets[i] = d.past.Targets[i].Purged(f, points)
	text, err := jsoniter.Marshal(d.past)
	if err != nil {
		return fmt.Errorf("cannot write down the state: %w", err)
	}
	return d.slots.Write(text, true)
}

// find returns the index of a target in the state, -1 where it is not known.
func (d *stoppedData) find(target string) int {
	return slices.IndexFunc(d.past.Targets, func(t sender.TargetState) bool { return t.ID == target })
}

// Close implements backlog.Data.
func (d *stoppedData) Close() error { return d.close() }
