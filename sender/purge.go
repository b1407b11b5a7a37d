package sender

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"transfer/g/stat"
	"transfer/sender/queue"
	"transfer/sender/spool"
)

// PurgeSpool throws away all points of the target that wait, in memory and on disk,
// but for those in flight, and returns how many that were. They count as dropped.
// errors.Is with stat.ErrNoBacklog where there is neither such a target nor a spool
// of one.
func (s *Sender) PurgeSpool(id string) (points uint64, err error) {
	if t := s.target(id); t != nil {
		return t.purge()
	}
	folders, err := s.formerFolders()
	if err != nil {
		return 0, err
	}
	found := false
	for _, f := range folders {
		if f.Target == id {
			found = true
			points += s.purges.add(f, f.Unread(s.formerRead(f)))
		}
	}
	if !found {
		return 0, fmt.Errorf("cannot purge %s: %w", id, stat.ErrNoBacklog)
	}
	s.shared.log.Warn("the spool of a target that is not configured any more is purged", "target", id, "points", points)
	return points, nil
}

func (t *target) purge() (points uint64, err error) {
	if t.spooler != nil {
		t.spooler.working.Lock()
		defer t.spooler.working.Unlock()
		if t.spooler.all() == nil {
			return 0, fmt.Errorf("cannot purge %s: its spool is not open: %w", t.id, t.spooler.Trouble())
		}
	}
	points = t.queue.Purge()
	t.health.log.Warn("what waited is purged", "points", points)
	return points, nil
}

// purges are the spools of former targets that were thrown away. They are counted in
// the next State, and the disk is given free when that is stored.
type purges struct {
	disk sync.Mutex // held by whoever has a spool of a former target open

	mu   sync.Mutex // over the following
	done []purge
}

// purge is one lane's.
type purge struct {
	folder spool.Folder // as it was
	points uint64
	empty  bool // the disk is free
}

// of returns the purge of a lane, if there was one.
func (p *purges) of(target string, lane int) (purge, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, done := range p.done {
		if done.folder.Target == target && done.folder.Lane == lane {
			return done, true
		}
	}
	return purge{}, false
}

// add notes that so many points of the lane in the folder are purged, and returns how
// many of them had not been before.
func (p *purges) add(f spool.Folder, points uint64) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, done := range p.done {
		if done.folder.Target == f.Target && done.folder.Lane == f.Lane {
			return 0 // nothing comes to a former target
		}
	}
	p.done = append(p.done, purge{folder: f, points: points})
	return points
}

// applied returns the states of former targets with what was purged since.
func (p *purges) applied(former []TargetState) []TargetState {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.done) == 0 {
		return former
	}
	former = slices.Clone(former)
	for _, done := range p.done {
		i := slices.IndexFunc(former, func(t TargetState) bool { return t.ID == done.folder.Target })
		if i < 0 {
			i = len(former)
			former = append(former, TargetState{ID: done.folder.Target, Former: true})
		}
		former[i] = former[i].Purged(done.folder, done.points)
	}
	return former
}

// Purged returns the state with so many points of the lane in the folder thrown away:
// nothing is left there. t stays as it is.
func (t TargetState) Purged(f spool.Folder, points uint64) TargetState {
	t.Lanes = slices.Clone(t.Lanes)
	for len(t.Lanes) <= f.Lane {
		t.Lanes = append(t.Lanes, LaneState{})
	}
	lane := &t.Lanes[f.Lane]
	if lane.End.Compare(f.End) < 0 { // or else the disk has lost what was written
		lane.End = f.End
	}
	lane.Read = lane.End
	t.Ledger.Dropped = maps.Clone(t.Ledger.Dropped)
	if t.Ledger.Dropped == nil {
		t.Ledger.Dropped = make(map[string]uint64)
	}
	t.Ledger.Dropped[queue.DroppedPurged.String()] += points
	t.Ledger.Queued -= min(t.Ledger.Queued, points)
	t.Ledger.Accepted = t.Ledger.Delivered + t.Ledger.Queued + t.Ledger.DroppedTotal() + t.Ledger.MovedOut - t.Ledger.MovedIn
	return t
}

// emptyPurged gives free the disk of what is purged in a state that was stored.
func (s *Sender) emptyPurged(stored map[string]*TargetState) {
	p := &s.purges
	if !p.disk.TryLock() { // somebody looks at one of them
		return
	}
	defer p.disk.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.done {
		done := &p.done[i]
		f := done.folder
		if done.empty || stored[f.Target].lane(f.Lane).Read.Compare(f.End) < 0 {
			continue
		}
		done.empty = true // or else it would be tried, and said, ten times a second
		if err := s.shared.storage.Spools.Empty(f); err != nil {
			s.shared.log.Warn("cannot give the disk of a purged spool free", "target", f.Target, "lane", f.Lane, "error", err)
		}
	}
}
