package sender

import (
	"slices"

	jsoniter "github.com/json-iterator/go"

	"transfer/g/stat"
	"transfer/sender/dead"
	"transfer/sender/overflow"
	"transfer/sender/queue"
	"transfer/sender/spool"
)

// Storage is where a Sender keeps what its targets do not take. The zero Storage is
// memory alone.
type Storage struct {
	Spools *spool.Store // nil: memory only
	Dead   *dead.Store  // of dead letters; nil: none are kept
	Past   *State       // as it was stored last; nil: none
	// Overflow is what the targets have in Redis, before what they have in Spools, without
	// which it is not used; nil: nothing. The Sender runs it, and ends it with Close.
	Overflow *overflow.Store
}

// State is what has to be stored of a Sender so that another process can go on where
// this one was.
type State struct {
	Targets []TargetState
	// Routing is Sender.Routing's; Layers are those before it by which former targets had
	// their points.
	Routing jsoniter.RawMessage `json:",omitempty"`
	Layers  []LayerState        `json:",omitempty"`
	// Handoffs are the hand-overs that are not over.
	Handoffs []HandoffState `json:",omitempty"`
}

// TargetState is the State of one target, read in one piece.
type TargetState struct {
	ID     string
	Lanes  []LaneState
	Ledger stat.Ledger
	Former bool `json:",omitempty"` // it is not configured any more
	Moving bool `json:",omitempty"` // but something is left of it, which goes elsewhere
	// StandsInFor is the id of the target for which it takes points, if it is a stand-in.
	StandsInFor string `json:",omitempty"`
}

// LaneState is the State of one lane.
type LaneState = queue.LaneState

// use makes the targets that are built from now on use the storage.
func (s *shared) use(storage Storage) {
	if storage.Spools == nil {
		storage.Overflow = nil
	}
	s.storage = storage
	s.past = make(map[string]*TargetState)
	if storage.Past == nil {
		return
	}
	for i := range storage.Past.Targets {
		s.past[storage.Past.Targets[i].ID] = &storage.Past.Targets[i]
	}
}

// IsPast reports whether nobody sends what is left of the target: its marks say nothing.
func (t *TargetState) IsPast() bool { return t.Former && !t.Moving }

// pastOf returns what the past says of targets that there are no more.
func pastOf(past *State, targets []*target) (former []TargetState) {
	if past == nil {
		return nil
	}
	for _, t := range past.Targets {
		if !slices.ContainsFunc(targets, func(now *target) bool { return now.id == t.ID }) {
			t.Former, t.Moving = true, false
			former = append(former, t)
		}
	}
	return former
}
