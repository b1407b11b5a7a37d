package sender

import (
	"time"

	"transfer/sender/queue"
)

// bound gives up what the spools may not keep: beyond spoolBytes, older than maxAge,
// or for the disk's reserve. What goes are whole segments, the oldest first.
func (s *spooler) bound(now time.Time) {
	s.capBytes()
	s.capAge(now)
	for surplus := s.surplus.Swap(0); surplus > 0; {
		freed := s.dropOldest(queue.DroppedCap)
		if freed == 0 {
			return
		}
		surplus -= freed
	}
}

func (s *spooler) capBytes() {
	for s.bytes() > int64(s.target.role.Load().section.SpoolBytes) && s.dropOldest(queue.DroppedCap) > 0 {
	}
}

// ageInterval is how often ages are looked at.
const ageInterval = time.Second

// capAge drops the segments whose newest point is older than maxAge: it is older than
// the segment that follows.
func (s *spooler) capAge(now time.Time) {
	if now.Sub(s.checked) < ageInterval {
		return
	}
	s.checked = now
	maxAge := s.target.role.Load().section.MaxAge
	if dropped := s.streams.capAge(now, maxAge); dropped > 0 {
		s.log.Warn("points in Redis are too old and dropped", "points", dropped)
	}
	for lane, sp := range s.opened {
		if sp.Bytes() == 0 {
			continue
		}
		segments := sp.Segments()
		for i := 1; i < len(segments); i++ {
			if begun := segments[i].Begun; begun.IsZero() || now.Sub(begun) <= maxAge {
				break
			}
			s.drop(lane, queue.DroppedAge)
		}
	}
}

// dropOldest drops the oldest segment of all lanes and returns how many bytes that
// freed, 0 if there is none left.
func (s *spooler) dropOldest(reason queue.Reason) int64 {
	from := -1
	var oldest time.Time
	for lane, sp := range s.opened {
		if segments := sp.Segments(); len(segments) > 0 && (from < 0 || segments[0].Begun.Before(oldest)) {
			from, oldest = lane, segments[0].Begun
		}
	}
	if from < 0 {
		return 0
	}
	return s.drop(from, reason)
}

// drop drops the oldest segment of a lane and returns how many bytes that freed.
func (s *spooler) drop(lane int, reason queue.Reason) int64 {
	sp := s.opened[lane]
	dropped, ok, err := sp.Drop()
	if err != nil {
		s.log.Warn("cannot remove a segment of the spool", "lane", lane, "error", err)
	}
	if !ok {
		return 0
	}
	tail := sp.Tail()
	tail.Next = max(tail.Next, dropped.Next)
	if lost := s.target.queue.Lanes()[lane].Dropped(queue.OnDisk, tail, reason); lost > 0 {
		s.log.Warn("the spool's oldest points are dropped", "lane", lane, "points", lost, "reason", reason.String(),
			"begun", dropped.Begun)
	}
	return dropped.Bytes
}
