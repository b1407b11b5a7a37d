package topology

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"transfer/g/stat"
)

const (
	pollEvery  = 500 * time.Millisecond // how often Redis is asked for version and time
	peersEvery = time.Second            // how often the other relays are looked at
	checkAgain = 10 * time.Second       // a version that was rejected may do by now: the file may have changed
	pollWithin = 5 * time.Second        // all calls of one look, each of which has its own bound
	beforehand = 50 * time.Millisecond  // so long before a switch Redis is not asked any more
)

// Relay is where a Follower puts topologies in force. Its calls come from one goroutine.
type Relay interface {
	// Check returns why d cannot be put in force here, nil if it can, and changes nothing.
	Check(d *Document) error
	// Switch puts d in force and returns in words what that has changed. On error nothing
	// has.
	Switch(d *Document) (changed []string, err error)
	// Rings returns the fingerprints of the rings in force, by backend.
	Rings() map[string]string
}

// Options are what a Follower works with.
type Options struct {
	Store   *Store
	Relay   Relay
	Self    stat.Peer             // Relay, Host, PID and Started: who this is
	InForce *Document             // what is in force already; nil: no topology
	Keep    func(*Document) error // keeps what came into force for a start without Redis
	Log     *slog.Logger
	Now     func() time.Time // with a monotonic part
}

// Follower keeps one relay at the topology that is set: it learns of versions, puts them
// in force at their time, and puts back into Redis what that has lost.
type Follower struct {
	Options

	// Of the goroutine that calls Run.
	clock     clock
	inForce   *Document
	pending   []*Document // to be put in force, the next one first; the first is checked
	rejected  rejection
	nextPoll  time.Time
	nextPeers time.Time
	away      error  // why Redis did not answer the last time
	unkept    error  // why the last good topology is not kept
	healing   string // what was last said of putting back
	rival     rival

	mu    sync.Mutex
	shown shown
}

// rejection is a version that this relay does not take.
type rejection struct {
	version Version // the zero one: there is none
	why     error
	again   time.Time // it is looked at once more
}

// New returns a Follower that does nothing until Run.
func New(o Options) *Follower {
	f := &Follower{Options: o, inForce: o.InForce}
	f.show(nil)
	return f
}

// Run follows the topology until ctx ends. It may be called again after a panic.
func (f *Follower) Run(ctx context.Context) {
	hints, end := f.Store.hints(ctx)
	defer end()
	timer := time.NewTimer(0)
	defer timer.Stop()
	f.nextPoll = f.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-hints:
			if !ok {
				hints = nil
			}
			f.nextPoll = f.Now()
		case <-timer.C:
		}
		f.switchDue()
		if f.pollDue() {
			f.poll(ctx)
			f.nextPoll = f.Now().Add(pollEvery)
			f.switchDue()
		}
		timer.Reset(f.wait())
	}
}

// wait returns how long there is nothing to do.
func (f *Follower) wait() time.Duration {
	until := f.nextPoll
	if next := f.nextSwitch(); !next.IsZero() && (next.Before(until) || !f.pollFits(next)) {
		until = next
	}
	return max(until.Sub(f.Now()), 0)
}

func (f *Follower) pollDue() bool {
	return !f.Now().Before(f.nextPoll) && f.pollFits(f.nextSwitch())
}

// pollFits reports whether Redis may be asked before the next switch: an answer that does
// not come must not hold that up.
func (f *Follower) pollFits(next time.Time) bool {
	return next.IsZero() || next.Sub(f.Now()) > beforehand
}

// poll tells Redis of this relay and looks at what is set there.
func (f *Follower) poll(ctx context.Context) {
	end := f.Now().Add(pollWithin)
	next := f.nextSwitch()
	if !next.IsZero() && next.Before(end) {
		end = next
	}
	within, cancel := context.WithTimeout(ctx, end.Sub(f.Now()))
	defer cancel()
	peers, err := f.look(within)
	if err != nil && (ctx.Err() != nil || end.Equal(next) && within.Err() != nil) {
		return // this relay itself had no more time
	}
	f.tell(err)
	f.show(peers)
}

// look is one round of calls. The peers are nil if they were not asked for.
func (f *Follower) look(ctx context.Context) (peers []stat.Peer, err error) {
	sent := f.Now()
	set, remote, before, err := f.Store.Beat(ctx, f.beat())
	received := f.Now()
	f.noteRival(before)
	if !remote.IsZero() {
		f.clock.learn(sent, received, remote)
	}
	if err != nil {
		return nil, err
	}
	if err := f.follow(ctx, set); err != nil {
		return nil, err
	}
	if received.Before(f.nextPeers) {
		return nil, nil
	}
	f.nextPeers = received.Add(peersEvery - pollEvery/2)
	return f.Store.Peers(ctx, remote)
}

// latest returns the newest version that this relay has or is about to have.
func (f *Follower) latest() *Document {
	if n := len(f.pending); n > 0 {
		return f.pending[n-1]
	}
	return f.inForce
}

// follow does what the version that is set asks for.
func (f *Follower) follow(ctx context.Context, set Version) error {
	known := f.latest()
	switch {
	case known.version() == set:
		f.rejected, f.healing = rejection{}, ""
	case known.version().Number > set.Number:
		return f.putBack(ctx, set, known)
	case f.rejected.version == set && f.Now().Before(f.rejected.again):
	default:
		return f.fetch(ctx, set)
	}
	return nil
}

// putBack gives Redis what it has lost. Others may do the same at this moment: the highest
// version stays.
func (f *Follower) putBack(ctx context.Context, set Version, known *Document) error {
	f.rejected = rejection{}
	if news := set.String() + "<" + known.version().String(); news != f.healing {
		f.healing = news
		f.Log.Warn("Redis has lost the shared topology or is back with an older one, it is put back", "there", set.Number, "put", known.Version)
	}
	if err := f.Store.Set(ctx, set, known); err != nil && !isConflict(err) {
		return err
	}
	return nil
}

// fetch reads the version that is set and makes it the one to come.
func (f *Follower) fetch(ctx context.Context, set Version) error {
	d, err := f.Store.Document(ctx, set.Number)
	switch {
	case isUnusable(err):
		f.reject(set, err)
		return nil
	case err != nil:
		return err
	case !d.is(set):
		return nil // it was set a moment ago: the next look finds the new one
	}
	f.pending = append(f.between(ctx, d), d)
	f.checkNext()
	if f.latest() == d {
		f.rejected = rejection{}
		f.Log.Info("a version of the shared topology is set", "version", d.Version, "from", d.from(), "by", d.By)
	}
	return nil
}

// between returns the versions that are not known and come into force before last does, or
// did so and are followed by one that does not yet: the relays that have seen them are
// there at that time, too.
func (f *Follower) between(ctx context.Context, last *Document) (line []*Document) {
	now := f.clock.there(f.Now())
	for n := last.Version - 1; n > f.inForce.version().Number && last.from().After(now); n-- {
		d, err := f.Store.Document(ctx, n)
		if err != nil {
			break // what is not there any more is of no use to the others either
		}
		line = append(line, d)
		last = d
	}
	slices.Reverse(line)
	return line
}

// reject notes that a version cannot be taken, and says so once.
func (f *Follower) reject(v Version, why error) {
	if f.rejected.version != v {
		f.Log.Error("the shared topology is rejected, nothing has changed", "version", v.Number, "error", why, "inForce", f.inForce.version().Number)
	}
	f.rejected = rejection{v, why, f.Now().Add(checkAgain)}
}
