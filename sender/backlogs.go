package sender

import (
	"fmt"
	"time"

	"transfer/g/segment"
	"transfer/g/stat"
	"transfer/sender/queue"
	"transfer/sender/spool"
)

// Backlogs returns what waits, lane by lane: of the targets, the lanes that are behind,
// then those of targets that are not configured any more.
func (s *Sender) Backlogs() ([]stat.Backlog, error) {
	rows := []stat.Backlog{}
	now := s.shared.now()
	for _, t := range s.targets() {
		for lane := range t.lanes {
			if row, behind := t.backlog(lane, now); behind {
				if t.role.Load().isFormer() {
					row.State = stat.BacklogMoving
				}
				rows = append(rows, row)
			}
		}
	}
	folders, err := s.formerFolders()
	if err != nil {
		return nil, err
	}
	for _, f := range folders {
		if points := f.Unread(s.formerRead(f)); points > 0 {
			rows = append(rows, stat.Backlog{
				Target: f.Target, Lane: &f.Lane, State: stat.BacklogFormer,
				Points: points, Bytes: f.Bytes, Encoding: f.Encoding,
			})
		}
	}
	return rows, nil
}

// backlog returns what waits in the lane, and whether that is more than what comes and
// goes.
func (t *target) backlog(lane int, now time.Time) (row stat.Backlog, behind bool) {
	blocks := t.lanes[lane].blocks
	held := blocks.Held()
	if held.Disk+held.Stream == 0 && !blocks.IsBehind(now) {
		return row, false
	}
	row = stat.Backlog{
		Target: t.id, Lane: &lane, State: stat.BacklogLive,
		Points: held.Disk, Redis: held.Stream, Memory: held.Memory, Encoding: t.encoding,
	}
	if held.Disk+held.Stream > 0 {
		row.State = stat.BacklogSpooled
	}
	if !held.Oldest.IsZero() {
		row.Oldest = &held.Oldest
	}
	if t.spooler != nil {
		if spools := t.spooler.all(); spools != nil {
			row.Bytes = spools[lane].Bytes()
		}
	}
	return row, true
}

// VisitSpool gives the visitor what lies in Redis and then on disk of a lane and was
// neither delivered nor dropped. It returns how many points could not be read because of
// damage.
// errors.Is with stat.ErrNoBacklog where there is no such spool.
func (s *Sender) VisitSpool(id string, lane int, visit spool.Visitor) (damaged uint64, err error) {
	if t := s.target(id); t != nil {
		if lane < 0 || lane >= len(t.lanes) || t.spooler == nil || t.spooler.all() == nil {
			return 0, noBacklog(id, lane)
		}
		return t.visit(lane, visit)
	}
	folders, err := s.formerFolders()
	if err != nil {
		return 0, err
	}
	for _, f := range folders {
		if f.Target == id && f.Lane == lane {
			s.purges.disk.Lock()
			defer s.purges.disk.Unlock()
			return s.shared.storage.Spools.Visit(f, s.formerRead(f), visit)
		}
	}
	return 0, noBacklog(id, lane)
}

// visit is VisitSpool for a lane whose spool is open.
func (t *target) visit(lane int, visit spool.Visitor) (damaged uint64, err error) {
	held, more := t.lanes[lane].blocks.Held(), true
	if stream := t.lanes[lane].stream(); stream != nil && held.Stream > 0 {
		err = stream.Visit(held.ReadStream, func(b *queue.Block, first uint64, encoding string) bool {
			more = visit(b, first, encoding)
			return more
		})
	}
	if err != nil || !more {
		return 0, err
	}
	return t.spooler.all()[lane].Visit(held.Read, visit)
}

func noBacklog(id string, lane int) error {
	return fmt.Errorf("cannot find a spool of %s, lane %d: %w", id, lane, stat.ErrNoBacklog)
}

// target returns the target with the id, nil if it is not configured.
func (s *Sender) target(id string) *target {
	for _, t := range s.targets() {
		if t.id == id {
			return t
		}
	}
	return nil
}

// formerFolders returns the spools of targets that are not configured any more.
func (s *Sender) formerFolders() ([]spool.Folder, error) {
	if s.shared.storage.Spools == nil {
		return nil, nil
	}
	all, err := s.shared.storage.Spools.Folders()
	if err != nil {
		return nil, err
	}
	configured := make(map[string]bool)
	for _, t := range s.targets() {
		configured[t.id] = true
	}
	var former []spool.Folder
	for _, f := range all {
		if f.Bytes > 0 && !configured[f.Target] {
			former = append(former, f)
		}
	}
	return former, nil
}

// formerRead returns up to where the spool in the folder was delivered or purged.
func (s *Sender) formerRead(f spool.Folder) segment.Position {
	if p, ok := s.purges.of(f.Target, f.Lane); ok {
		return p.folder.End
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for i := range s.past {
		if s.past[i].ID == f.Target {
			return s.past[i].lane(f.Lane).Read
		}
	}
	return segment.Position{}
}
