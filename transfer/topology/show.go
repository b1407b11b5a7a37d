package topology

import (
	"fmt"
	"time"

	"transfer/g/stat"
)

// shown is what others may know of a Follower, as of its last look.
type shown struct {
	topology stat.Topology
	self     stat.Peer
	peers    []stat.Peer
	ahead    time.Duration // of Redis' clock
	troubles []string
}

// tell notes how the last look went, and says in the log when Redis goes and comes.
func (f *Follower) tell(err error) {
	switch was := f.away; {
	case err != nil && was == nil:
		f.Log.Warn("Redis does not answer: the topology in force stays", "version", f.inForce.version().Number, "error", err)
	case err == nil && was != nil:
		f.Log.Info("Redis answers again")
	}
	f.away = err
}

// beat is what this relay tells the others.
func (f *Follower) beat() stat.Peer {
	p := f.Self
	p.Version, p.ID = f.inForce.version().Number, f.inForce.version().ID
	p.Rings = f.Relay.Rings()
	p.State = f.state()
	if f.rejected.why != nil {
		p.State += ": " + f.rejected.why.Error()
	}
	if len(f.pending) > 0 {
		p.Pending = f.latest().Version
	}
	p.ClockOffset = f.clock.offset().Seconds()
	return p
}

// state returns one of the Following constants.
func (f *Follower) state() string {
	switch {
	case f.rejected.version.Number != 0:
		return stat.FollowingRejected
	case f.inForce == nil:
		return stat.FollowingNone
	}
	return stat.FollowingFollows
}

// troubles returns what is amiss.
func (f *Follower) troubles() (all []string) {
	stays := "the topology of the configuration stays in force"
	if f.inForce != nil {
		stays = fmt.Sprintf("version %d stays in force", f.inForce.Version)
	}
	if f.away != nil {
		all = append(all, fmt.Sprintf("Redis cannot be asked for the shared topology, %s: %v", stays, f.away))
	}
	if f.rejected.why != nil {
		all = append(all, fmt.Sprintf("version %d of the shared topology is rejected, %s: %v", f.rejected.version.Number, stays, f.rejected.why))
	}
	if f.unkept != nil {
		all = append(all, f.unkept.Error())
	}
	if text := f.rival.trouble(f.Self.Relay); text != "" {
		all = append(all, text)
	}
	return all
}

// show lets others see how things are; nil peers are those of before.
func (f *Follower) show(peers []stat.Peer) {
	s := shown{self: f.beat(), peers: peers, ahead: f.clock.offset(), troubles: f.troubles()}
	s.topology = stat.Topology{
		Enabled: true, Redis: f.away == nil && f.clock.best() != nil, State: f.state(),
		Version: s.self.Version, ID: s.self.ID, ClockOffset: s.self.ClockOffset,
	}
	if len(s.troubles) > 0 {
		s.topology.Trouble = s.troubles[0]
	}
	if f.inForce != nil {
		from := f.inForce.from()
		s.topology.EffectiveAt, s.topology.Document = &from, f.inForce
	}
	if len(f.pending) > 0 {
		from := f.latest().from()
		s.topology.Pending, s.topology.PendingAt = f.latest().Version, &from
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if peers == nil {
		s.peers = f.shown.peers
	}
	f.shown = s
}

// Topology returns how this relay stands to the topology. Any goroutine may call it.
func (f *Follower) Topology() stat.Topology { return f.lastShown().topology }

// Troubles returns what is amiss, in words for an operator. Any goroutine may call it.
func (f *Follower) Troubles() []string { return f.lastShown().troubles }

// Peers returns the relays of the site, this one as it is now, the others as they were
// seen last. Any goroutine may call it.
func (f *Follower) Peers() stat.Peers {
	s := f.lastShown()
	now := f.Now().Add(s.ahead)
	self := s.self
	self.At, self.Alive = now, true
	return gather(self, s.peers, now)
}

func (f *Follower) lastShown() shown {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.shown
}
