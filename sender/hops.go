package sender

import (
	"log/slog"
	"slices"
	"sync"
	"time"

	"transfer/g"
	"transfer/g/stat"
)

// A lane that had to leave its home, the address where it began, goes back once that
// has been good for long, so that lanes are spread evenly again. What the next hop has
// answered for may still lie in its queues; lanes go home one by one, and each one's
// points wait a moment for those before them to pass.
const (
	homeAfter = 30 * time.Second // that home must have been good
	homePause = 5 * time.Second  // between two lanes of a target that go home
	homeHold  = time.Second      // from the lane's last call elsewhere to its first at home
)

// homecoming is when lanes go back to the address where they began.
type homecoming struct {
	after, pause, hold time.Duration
}

// hops are the addresses of a target, and which lane uses which.
type hops struct {
	all  []*hop
	mode string // g.BalanceSticky or another balance
	log  *slog.Logger
	back homecoming

	mu     sync.Mutex
	lanes  []int     // by address
	homing time.Time // when a lane last went home
}

// newHops returns the addresses of a target with the section; stirred gets a signal when a
// probe may be due sooner.
func newHops(section *g.Backend, addresses []string, stirred chan<- struct{}, log *slog.Logger, now time.Time) *hops {
	s := &hops{
		mode: section.Balance, log: log, lanes: make([]int, len(addresses)),
		back: homecoming{after: homeAfter, pause: homePause, hold: homeHold},
	}
	for _, address := range addresses {
		s.all = append(s.all, newHop(address, section.EjectAfter, len(addresses) == 1, section.ProbeInterval, stirred, now))
	}
	return s
}

// inherit takes over what was known of the addresses that stay. Nobody uses s yet.
func (s *hops) inherit(before *hops) {
	s.back = before.back
	for _, h := range s.all {
		for _, old := range before.all {
			if old.address == h.address {
				h.inherit(old)
			}
		}
	}
}

// isGroup reports whether lanes have a choice.
func (s *hops) isGroup() bool { return len(s.all) > 1 }

// isSticky reports whether a lane stays with its address until it fails.
func (s *hops) isSticky() bool { return isSticky(s.mode) }

func isSticky(balance string) bool {
	return balance != g.BalanceRoundRobin && balance != g.BalanceLeastInFlight
}

// begin gives the lane of that index its home, and the address that it uses first: at,
// where it was before the addresses changed, if that is still one of them.
func (s *hops) begin(lane int, at string) (home, first int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	home = lane % len(s.all)
	first = slices.IndexFunc(s.all, func(h *hop) bool { return h.address == at })
	if first < 0 {
		first = home
	}
	s.lanes[first]++
	return home, first
}

// leave moves a lane off the address where it has just failed, to the best other one. If
// all others are worse it stays.
func (s *hops) leave(from int, now time.Time) (to int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	to, standing := s.best(from, now)
	if standing > s.all[from].standing(now) {
		to = from
	}
	return s.move(from, to)
}

// escape moves a lane off an address that others have found to be down. It stays unless
// there is a better one.
func (s *hops) escape(from int, now time.Time) (to int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	to, standing := s.best(from, now)
	if standing >= s.all[from].standing(now) {
		to = from
	}
	return s.move(from, to)
}

// best returns the best address but from, and its standing: the one with the fewest
// lanes, then the next in turn. Of those that are down each has its turn. The lock is
// held.
func (s *hops) best(from int, now time.Time) (to, standing int) {
	to, standing = from, ejected+1
	fewest := 0
	for i := range s.others(from) {
		its, lanes := s.all[i].standing(now), s.lanes[i]
		if its == ejected {
			lanes = 0
		}
		if its < standing || its == standing && lanes < fewest {
			to, standing, fewest = i, its, lanes
		}
	}
	return to, standing
}

// goHome moves a lane from where it is to its home, if it is time, and reports whether
// it did.
func (s *hops) goHome(from, home int, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.homing) < s.back.pause || !s.all[home].mayHaveBack(s.back.after, now) {
		return false
	}
	s.homing = now
	s.move(from, home)
	return true
}

// pick moves a lane to the address for its next call: of the best ones the next in
// turn, or the one that has the fewest bytes in flight. It does not choose one that is
// down; those are tried when all fail.
func (s *hops) pick(from int, now time.Time) (to int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	to, standing, fewest := from, s.fitness(from, now), s.load(from)
	for i := range s.others(from) {
		its, load := s.fitness(i, now), s.load(i)
		// What is equal to where the lane was is preferred, so that each has its turn.
		if its < standing || its == standing && its != ejected && (load < fewest || load == fewest && to == from) {
			to, standing, fewest = i, its, load
		}
	}
	return s.move(from, to)
}

// fitness is the standing for pick: an address in doubt that has been good for long gets
// calls again, without which it could not prove itself.
func (s *hops) fitness(i int, now time.Time) int {
	standing := s.all[i].standing(now)
	if standing == doubtful && s.all[i].mayHaveBack(s.back.after, now) {
		return unblemished
	}
	return standing
}

// load is by what pick compares addresses of the same standing.
func (s *hops) load(i int) int64 {
	if s.mode != g.BalanceLeastInFlight {
		return 0
	}
	return s.all[i].flight.Load()
}

// others yields the addresses behind from, in turn.
func (s *hops) others(from int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for n := 1; n < len(s.all); n++ {
			if !yield((from + n) % len(s.all)) {
				return
			}
		}
	}
}

// move counts a lane at another address. The lock is held.
func (s *hops) move(from, to int) int {
	s.lanes[from]--
	s.lanes[to]++
	return to
}

// failed notes a failed call or probe. The log hears of an address that goes down where
// the target's own lines do not say it.
func (s *hops) failed(h *hop, err error, call bool, now time.Time) {
	if h.failed(err, call, now) && (s.isGroup() || !call) {
		s.log.Warn("address is down", "address", h.address, "error", err)
	}
}

// answered notes a call that went well.
func (s *hops) answered(i int, now time.Time) {
	if s.all[i].answered(now) && s.isGroup() {
		s.log.Info("address is back", "address", s.all[i].address)
	}
}

// probed notes a probe that went well.
func (s *hops) probed(h *hop, now time.Time) {
	if h.probed(now) {
		s.log.Info("address is back, a probe says", "address", h.address)
	}
}

// areGood reports whether some address has been good for d.
func (s *hops) areGood(d time.Duration, now time.Time) bool {
	for _, h := range s.all {
		if h.isGood(d, now) {
			return true
		}
	}
	return false
}

// areDown reports whether all addresses are down.
func (s *hops) areDown() bool {
	for _, h := range s.all {
		if !h.isDown() {
			return false
		}
	}
	return true
}

// fill adds the addresses to the row that is shown of the target. What the lanes tell of
// the target's state comes first; probes tell of it where lanes have nothing to send.
func (s *hops) fill(row *stat.Target) {
	s.mu.Lock()
	defer s.mu.Unlock()
	up := false
	for i, h := range s.all {
		address := h.status()
		address.Lanes = s.lanes[i]
		row.Addresses = append(row.Addresses, address)
		up = up || address.State == stat.AddressUp
	}
	switch {
	case s.areDown():
		row.State, row.Error = stat.StateDown, s.all[0].status().Error
	case row.State == stat.StateIdle && up:
		row.State = stat.StateUp
	}
}
