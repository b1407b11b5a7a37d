package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	jsoniter "github.com/json-iterator/go"

	"transfer/g/segment"
	"transfer/g/slots"
	"transfer/sender"
	"transfer/transfer/pipeline/journal"
)

const (
	// keepEvery is how often the state is stored: what a lane has delivered since is
	// what it sends twice after a crash.
	keepEvery = 100 * time.Millisecond
	// keepShare bounds the part of a processor that storing may take: with thousands of
	// targets the state is stored less often, but each keepAtLeast.
	keepShare   = 50
	keepAtLeast = 500 * time.Millisecond
	// journalBehind is how many segments of the journal a target may hold back behind
	// the one that is written, before its points go to its spool.
	journalBehind = 2
)

// state is what a relay stores of itself: where its lanes are, and their accounts.
type state struct {
	Journal segment.Position // where it ended; all marks lie below its Next
	sender.State
}

// keeper stores the state, and lets go of what the journal and the spools need no more.
type keeper struct {
	slots   *slots.Slots
	journal *journal.Journal // nil: points lie in memory only
	sender  *sender.Sender
	past    *state // as it was stored by the relay before; nil: none
	durable bool   // the state has to survive a power cut, and what it builds on first
	log     *slog.Logger

	replay   *sender.Replay // that is not settled yet; nil: none
	replayed uint64         // the number that the journal ended with then

	stored  []byte // last
	trouble atomic.Pointer[string]

	end     context.CancelFunc
	running sync.WaitGroup
}

// start begins to store the state from time to time.
func (k *keeper) start() {
	ctx, end := context.WithCancel(context.Background())
	k.end = end
	if k.journal != nil {
		k.running.Go(func() { k.journal.Run(ctx) })
	}
	k.running.Go(func() { k.run(ctx) })
}

// stop ends that and stores the state for the last time.
func (k *keeper) stop() {
	k.end()
	k.running.Wait()
	k.keep()
}

func (k *keeper) run(ctx context.Context) {
	timer := time.NewTimer(keepEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		began := time.Now()
		k.keep()
		timer.Reset(min(max(keepEvery, keepShare*time.Since(began)), keepAtLeast))
	}
}

// keep stores the state once and says in the log when that begins and ceases to fail.
func (k *keeper) keep() {
	err := k.store()
	was := k.trouble.Load()
	switch {
	case err != nil:
		text := err.Error()
		k.trouble.Store(&text)
		if was == nil {
			k.log.Error("the state is not stored: after a crash more points would be sent twice", "error", err)
		}
	case was != nil:
		k.trouble.Store(nil)
		k.log.Info("the state is stored again")
	}
}

// store stores the state, if it has changed. The order matters: a mark must not be
// stored before the spool has what it stands for, and nothing may go before its mark
// is stored.
func (k *keeper) store() error {
	now := state{}
	upTo := uint64(math.MaxUint64)
	if k.journal != nil {
		// First what was given a number, then what is open: a request that comes in
		// between lies above both.
		last, open := k.journal.Bounds()
		upTo = min(last, open-1)
		now.Journal = k.journal.Position()
	}
	now.State = *k.sender.State(upTo)
	if k.journal == nil {
		k.keepPlaces(&now)
	}
	if !k.settled(&now, upTo) {
		return nil
	}
	if k.durable {
		if err := k.sender.SyncSpools(); err != nil {
			return fmt.Errorf("cannot make the spools durable: %w", err)
		}
	}
	text, err := jsoniter.Marshal(&now)
	if err != nil {
		return fmt.Errorf("cannot write down the state: %w", err)
	}
	if !bytes.Equal(text, k.stored) {
		if err := k.slots.Write(text, k.durable); err != nil {
			return err
		}
		k.stored = text
	}
	k.sender.Stored(&now.State)
	if k.journal == nil {
		return nil
	}
	return k.trimJournal(&now.State, upTo)
}

// keepPlaces leaves journal and lanes where a relay with a journal left them: what waits
// in the data directory waits for the next one of that kind.
func (k *keeper) keepPlaces(now *state) {
	lanes := make(map[string][]sender.LaneState)
	if k.past != nil {
		now.Journal, now.Routing, now.Layers = k.past.Journal, k.past.Routing, k.past.Layers
		for _, t := range k.past.Targets {
			lanes[t.ID] = t.Lanes
		}
	}
	for i := range now.Targets {
		now.Targets[i].Lanes = lanes[now.Targets[i].ID]
	}
}

// settled reports whether a state may be stored. Points that the replay has put elsewhere
// than to the lanes that were owed them must be safe first: the marks of those lanes
// say nothing of them. Until then a crash begins with the same replay again.
func (k *keeper) settled(now *state, upTo uint64) bool {
	if k.replay == nil {
		return true
	}
	if k.replay.Moved() && lowestMark(&now.State, upTo) < k.replayed {
		k.sender.Unburden(k.replayed + 1)
		return false
	}
	k.replay.Settle(k.replayed)
	k.replay = nil
	now.State = *k.sender.State(upTo)
	return true
}

// trimJournal gives up what all marks cover, and makes targets that hold it back take
// their points to their spools.
func (k *keeper) trimJournal(st *sender.State, upTo uint64) error {
	if err := k.journal.Release(lowestMark(st, upTo)); err != nil {
		return fmt.Errorf("cannot give up old parts of the journal: %w", err)
	}
	before := k.journal.Exposed() + 1
	if all := k.journal.Segments(); len(all) > journalBehind+1 {
		before = max(before, all[len(all)-1-journalBehind].First)
	}
	if before > 1 {
		k.sender.Unburden(before)
	}
	return nil
}

// lowestMark returns up to where the lanes of all targets are that send, upTo if there are
// none.
func lowestMark(st *sender.State, upTo uint64) uint64 {
	for _, t := range st.Targets {
		if t.IsPast() {
			continue
		}
		for _, l := range t.Lanes {
			upTo = min(upTo, l.Mark)
		}
	}
	return upTo
}

// problem returns why the state is not stored, empty if it is.
func (k *keeper) problem() string {
	if text := k.trouble.Load(); text != nil {
		return *text
	}
	return ""
}
