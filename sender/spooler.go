package sender

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"transfer/sender/overflow"
	"transfer/sender/queue"
	"transfer/sender/spool"
)

const (
	// spoolRetry is the shortest pause after a spool could not be opened or written. The
	// upkeep makes it a second or less.
	spoolRetry = 500 * time.Millisecond
	// spoolWrites is how many spoolers write at a time. More would take memory, a few
	// MiB each, and gain nothing: there is one disk.
	spoolWrites = 4
	// portionBytes is up to how much is written at a time: that much memory a spooler
	// takes beside the queue's.
	portionBytes = 2 << 20
)

// spooler takes to Redis and to disk what the queue of one target can't hold in memory, or
// not for longer, and keeps the spools within their bounds. All that changes the spools but for
// the giving free of what was delivered is done by its goroutine in run: so what it
// tells the queue of them is true.
type spooler struct {
	target   *target
	store    *spool.Store
	overflow *overflow.Store // nil: there is none
	streams  streams
	past     *TargetState // nil: none
	log      *slog.Logger
	now      func() time.Time
	turn     chan struct{} // holds one thing for each spooler that writes
	moving   *atomic.Bool  // see shared

	spools  atomic.Pointer[[]*spool.Spool] // by lane; nil until all are open
	surplus atomic.Int64                   // bytes to be given up for the disk's reserve
	doubts  []doubt                        // by lane
	closed  chan struct{}                  // closed: the spools are, since the target is gone
	hidden  hidden

	opened  []*spool.Spool // run only, as is what follows; those that are open so far
	tried   time.Time      // when something failed last
	checked time.Time      // when ages were looked at

	working sync.Mutex // held by whoever moves points between queue and spools, or throws them away

	mu      sync.Mutex
	trouble error // why the last attempt failed; nil: it did not
}

// newSpooler returns the spooler of the target with what its spools hold put before
// all that will come. Spools that cannot be opened are tried again in run.
func newSpooler(t *target, s *shared) *spooler {
	sp := &spooler{target: t, store: s.storage.Spools, overflow: s.storage.Overflow, past: s.past[t.id], log: s.log.With("target", t.id), now: s.now, turn: s.writes, moving: &s.moving, closed: make(chan struct{})}
	sp.streams = newStreams(t, sp.past, s)
	sp.doubts = make([]doubt, len(t.lanes))
	for i := range sp.doubts {
		sp.doubts[i].mark = sp.past.lane(i).Mark
	}
	if first := s.first[t.id]; first != nil {
		sp.opened = append(sp.opened, first)
	}
	err := sp.open()
	sp.hidden.begin(err != nil && sp.store.MayHold(t.id))
	sp.report(err)
	return sp
}

// run spools until stop is closed, or the target is let go of: then it closes the spools.
func (s *spooler) run(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-s.target.retired:
			if err := s.close(); err != nil {
				s.log.Warn("cannot close the spools", "error", err)
			}
			close(s.closed)
			return
		case <-s.target.queue.Spill():
			s.look(s.now())
		}
	}
}

// look does what there is to do.
func (s *spooler) look(now time.Time) {
	s.working.Lock()
	defer s.working.Unlock()
	if s.Trouble() != nil && now.Sub(s.tried) < spoolRetry {
		return
	}
	s.tried = now
	err := s.open()
	if err == nil {
		err = s.spill(now)
	}
	s.report(err)
	if s.spools.Load() != nil {
		s.bound(now)
	}
}

// open opens the spools that are not open yet. Once all are, it hands them to the
// queue.
func (s *spooler) open() error {
	if s.spools.Load() != nil {
		return nil
	}
	t := s.target
	lanes := len(t.lanes)
	for lane := len(s.opened); lane < lanes; lane++ {
		opened, err := s.store.Lane(laneOptions(t.role.Load().section, t.encoding, t.id, lane, lanes, s.past))
		if err != nil {
			return err
		}
		s.opened = append(s.opened, opened)
	}
	places := make([]queue.Place, lanes)
	for lane, sp := range s.opened {
		places[lane] = queue.Place{Read: s.past.lane(lane).Read, End: sp.End()}
		switch {
		case places[lane].Read.Next > 0:
		case s.past != nil: // nothing was read yet: what is gone from the beginning is lost
			places[lane].Read.Next = 1
		default: // nobody knows what was read
			places[lane].Read = sp.Tail()
		}
	}
	s.spools.Store(&s.opened) // before a lane is told to read
	t.queue.Attach(places)
	s.hidden.is.Store(false) // now the lanes know what to send first
	return nil
}

// spill writes what is to be spooled.
func (s *spooler) spill(now time.Time) error {
	turns := s.target.queue.Turns(now)
	for i, lane := range s.target.queue.Lanes() {
		if err := s.write(i, lane, lane.Leave(turns), now); err != nil {
			return err
		}
	}
	return nil
}

// write writes the Blocks that left the lane to its stream, if it may have one, and what
// that does not take to its spool. What cannot be written goes back.
func (s *spooler) write(i int, lane *queue.Lane, blocks []*queue.Block, now time.Time) error {
	overflow := s.target.role.Load().section.Overflow
	// While what a replay has moved is not safe no state is stored, and the disk could not
	// follow a stream: should Redis go away, points would have no place but memory.
	if overflow == overflowRedis || overflow == overflowBoth && !s.moving.Load() {
		blocks = s.streams.append(i, blocks, now)
	}
	switch {
	case len(blocks) == 0:
		return nil
	case overflow == overflowRedis && s.target.relay == "" && lane.IsEmpty(queue.OnDisk): // or else it ends what it began
		lane.GiveBack(blocks)
		return s.refused(i)
	case !s.streams.mayFollow(i):
		lane.GiveBack(blocks)
		return nil
	}
	return s.writeDisk(s.opened[i], lane, blocks)
}

// writeDisk writes the Blocks to the lane's spool.
func (s *spooler) writeDisk(to *spool.Spool, lane *queue.Lane, blocks []*queue.Block) error {
	for len(blocks) > 0 {
		some := portion(blocks)
		s.turn <- struct{}{}
		ends, err := to.Append(blocks[:some]...)
		<-s.turn
		var tooLarge *spool.TooLargeError
		switch {
		case err == nil:
			lane.Wrote(queue.OnDisk, blocks[:some], ends)
			blocks = blocks[some:]
			s.capBytes()
		case errors.As(err, &tooLarge):
			s.log.Warn("an item is too large for the spool", "bytes", tooLarge.Bytes)
			if !lane.TooLarge(blocks[tooLarge.Block], tooLarge.Item) {
				blocks = slices.Delete(blocks, tooLarge.Block, tooLarge.Block+1)
			}
		default:
			lane.GiveBack(blocks)
			return err
		}
	}
	return nil
}

// portion returns how many of the Blocks are to be written at a time, at least one.
func portion(blocks []*queue.Block) (n int) {
	bytes := 0
	for n < len(blocks) && (n == 0 || bytes+len(blocks[n].Payload) <= portionBytes) {
		bytes += len(blocks[n].Payload)
		n++
	}
	return n
}

// report notes how the last attempt ended. The log hears of changes.
func (s *spooler) report(err error) {
	switch {
	case err != nil && s.hidden.is.Load():
		err = fmt.Errorf("%s: new points wait in memory for those that its spool may hold: %w", s.target.id, err)
	case err != nil:
		err = fmt.Errorf("%s: %w", s.target.id, err)
	}
	s.mu.Lock()
	before := s.trouble
	s.trouble = err
	s.mu.Unlock()
	if (err == nil) == (before == nil) {
		return
	}
	s.target.queue.SpoolWorks(err == nil)
	if err != nil {
		s.log.Error("cannot spool, points wait in memory only", "error", err)
	} else {
		s.log.Info("spools work again")
	}
}

// Trouble returns why the spools cannot be written at present; nil: they can, for all
// that is known.
func (s *spooler) Trouble() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trouble
}

// bytes returns how much of the disk the spools take.
func (s *spooler) bytes() (sum int64) {
	for _, sp := range s.all() {
		sum += sp.Bytes()
	}
	return sum
}

// all returns the spools by lane, none until all are open.
func (s *spooler) all() []*spool.Spool {
	if spools := s.spools.Load(); spools != nil {
		return *spools
	}
	return nil
}

// close closes the spools, and lets go of the streams. run must have ended.
func (s *spooler) close() error {
	s.streams.close()
	var errs []error
	for _, sp := range s.opened {
		errs = append(errs, sp.Close())
	}
	return errors.Join(errs...)
}
