package sender

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// State returns how far all lanes are, with no mark above upTo: the last number that
// the journal gave before this call, less those of the requests that are still open.
// What was stored of targets that are not configured any more is carried along.
//
// State, SyncSpools and Stored are called by one goroutine.
func (s *Sender) State(upTo uint64) *State {
	s.mu.RLock()
	defer s.mu.RUnlock()
	state := &State{Layers: s.layerStates(), Routing: s.routing, Handoffs: s.handoffStates()}
	// First those that move what they have: what has moved in between is with both of them
	// then, and not with none.
	moving := statesOf(slices.Concat(s.formers, s.standing()), upTo)
	for _, c := range s.clusters {
		state.Targets = append(state.Targets, statesOf(c.targets, upTo)...)
	}
	state.Targets = append(append(state.Targets, moving...), s.purges.applied(s.past)...)
	return state
}

func statesOf(targets []*target, upTo uint64) (states []TargetState) {
	for _, t := range targets {
		states = append(states, t.state(upTo))
	}
	return states
}

// state returns the target's part of a State.
func (t *target) state(upTo uint64) TargetState {
	q := t.queue.State(upTo)
	if t.spooler != nil {
		t.spooler.complete(q.Lanes)
		t.spooler.streams.keep(q.Lanes, t.spooler.past)
	}
	former := t.role.Load().isFormer()
	// One that is gone is in no layer any more, and must not be taken for one that moves.
	// Nor need one that was adopted be there again for what another relay's streams have.
	moving := former && !t.isGone() && (t.relay == "" || q.Ledger.Queued > 0)
	state := TargetState{ID: t.id, Lanes: q.Lanes, Ledger: q.Ledger, Former: former, Moving: moving}
	if t.standsFor != nil {
		state.StandsInFor = t.standsFor.id
	}
	return state
}

// complete makes of what the queue knows of the lanes what is to be stored.
func (s *spooler) complete(lanes []LaneState) {
	for i := range lanes {
		if s.spools.Load() == nil { // the queue does not know the spools yet
			past := s.past.lane(i)
			lanes[i].Read, lanes[i].End = past.Read, past.End
		}
		lanes[i] = s.doubts[i].limit(lanes[i])
	}
}

// SyncSpools makes durable what the spools were given, and the dead letters, before a
// State that was taken earlier is stored.
func (s *Sender) SyncSpools() error {
	var errs []error
	if letters := s.shared.storage.Dead; letters != nil {
		errs = append(errs, letters.Sync())
	}
	for _, t := range s.spooled() {
		for lane, sp := range t.spooler.all() {
			if err := sp.Sync(); err != nil {
				t.spooler.doubts[lane].failed(sp.End())
				errs = append(errs, fmt.Errorf("%s, lane %d: %w", t.id, lane, err))
			}
		}
	}
	return errors.Join(errs...)
}

// Stored notes that st is durable: what it says to be read is not needed any more.
func (s *Sender) Stored(st *State) {
	stored := make(map[string]*TargetState, len(st.Targets))
	for i := range st.Targets {
		stored[st.Targets[i].ID] = &st.Targets[i]
	}
	for _, t := range s.spooled() {
		if of := stored[t.id]; of != nil {
			t.spooler.release(of.Lanes)
		}
		t.confirm()
	}
	s.emptyPurged(stored)
	s.retire()
}

// release notes that the lanes' state is stored, and gives free what lies before the
// read positions.
func (s *spooler) release(lanes []LaneState) {
	s.streams.release(lanes)
	for i, sp := range s.all() {
		if i >= len(lanes) {
			return
		}
		s.doubts[i].stored(lanes[i])
		if sp.Bytes() == 0 {
			continue
		}
		until := lanes[i].Read
		if until.Next >= lanes[i].End.Next && lanes[i].End == sp.End() {
			until = lanes[i].End
			sp.Seal() // so that the segment that is written goes too
		}
		if err := sp.Release(until); err != nil {
			s.log.Warn("cannot give the spool's disk free", "lane", i, "error", err)
		}
	}
}

// closeOverflow is how long a stop waits for Redis at most.
const closeOverflow = 500 * time.Millisecond

// Unburden makes the targets turn spooled that hold a mark below before.
func (s *Sender) Unburden(before uint64) {
	for _, t := range s.spooled() {
		t.queue.Unburden(before)
	}
}

// Trouble returns why spools and dead letters cannot be written at present, nil if all
// can.
func (s *Sender) Trouble() error {
	var errs []error
	for _, t := range s.targets() {
		errs = append(errs, t.trouble())
	}
	return errors.Join(errs...)
}

// HasRoom reports whether replay may put more: no target has so much in memory that it
// must turn spooled first.
func (s *Sender) HasRoom() bool {
	room := true
	for _, t := range s.spooled() {
		room = t.queue.HasRoom() && room // each is asked
	}
	return room
}

// Close closes the spools, and lets go of what is stored to be delivered in Redis, once
// the last State is stored. Stop comes before it.
func (s *Sender) Close() error {
	if overflow := s.shared.storage.Overflow; overflow != nil {
		ctx, cancel := context.WithTimeout(context.Background(), closeOverflow)
		defer cancel()
		overflow.Close(ctx)
	}
	var errs []error
	for _, t := range s.spooled() {
		errs = append(errs, t.spooler.close())
	}
	return errors.Join(errs...)
}

// spooled returns the targets that have spools.
func (s *Sender) spooled() []*target {
	if s.shared.storage.Spools == nil {
		return nil
	}
	return s.targets()
}
