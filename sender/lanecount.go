package sender

import (
	"errors"

	"transfer/g"
	"transfer/sender/spool"
)

// laneCount is one lane an address unless the section says otherwise, and never
// more than the target may have connections: a lane has one, or one to each address if
// it goes from one to the next all the time.
func laneCount(section *g.Backend, addresses []string) int {
	n, most := section.Lanes, section.MaxConns
	if n == 0 {
		n = len(addresses)
	}
	if !isSticky(section.Balance) && len(addresses) > 0 {
		most /= len(addresses)
	}
	return max(1, min(n, most))
}

// keptLanes returns how many lanes a backend's targets get, where so many are wanted.
// If there are spools that hold points and were made for another number, it is that:
// what is spooled in one lane must not be overtaken in another. It changes with the
// first start that finds those spools empty.
func keptLanes(section *g.Backend, p plan, locations []location, wanted int, s *shared) int {
	if s.storage.Spools == nil {
		return wanted
	}
	first := make(map[string]*spool.Spool)
	for _, at := range locations {
		id := at.id(section.Name)
		if lanes, is := keepsLanes(s.past[id], wanted); is {
			s.log.Warn("the number of lanes stays what it was until what lies in Redis has been sent and the relay starts again",
				"backend", section.Name, "lanes", lanes, "wanted", wanted, "spooled", id)
			wanted = lanes
		}
		opened, err := s.storage.Spools.Lane(laneOptions(section, p.Encoding, id, 0, wanted, s.past[id]))
		var other *spool.LanesError
		switch {
		case err == nil:
			first[id] = opened
		case errors.As(err, &other):
			s.log.Warn("the number of lanes stays what it was until what is spooled has been sent and the relay starts again",
				"backend", section.Name, "lanes", other.Lanes, "wanted", wanted, "spooled", id)
			for _, opened := range first {
				_ = opened.Close() // nothing was written
			}
			return other.Lanes
		} // any other error is met again when the target's spooler is made
	}
	s.first = first
	return wanted
}

// laneOptions says which spool a lane has; past is what was stored of its target, if
// anything.
func laneOptions(section *g.Backend, encoding, target string, lane, lanes int, past *TargetState) spool.LaneOptions {
	return spool.LaneOptions{
		Target: target, Lane: lane, Lanes: lanes, Hash: section.Hash, Encoding: encoding,
		Cap: int64(section.SpoolBytes) / int64(lanes), After: past.lane(lane).End,
	}
}

// lane returns what was stored of a lane, if anything.
func (t *TargetState) lane(i int) LaneState {
	if t == nil || i >= len(t.Lanes) {
		return LaneState{}
	}
	return t.Lanes[i]
}
