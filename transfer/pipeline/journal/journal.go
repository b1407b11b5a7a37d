package journal

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"transfer/g/segment"
)

const (
	// owner is the id that stands in the journal's segments.
	owner = "journal"
	// usualCap bounds the journal, in bytes.
	usualCap = 256 << 20
	// spares is how many emptied segments wait for their next use.
	spares = 2
)

// The schemas of the journal's records.
const (
	schemaPoints  = 1 // a piece of a request
	schemaRouting = 2 // what decides where the points behind it go; without points
	schemaUnheld  = 3 // numbers that were given while nothing could be written; without payload
)

// Options are what a journal is opened with.
type Options struct {
	// After is the Position that was stored last, together with the marks.
	After segment.Position
	// Sync makes Append return when the points are durable, not only written.
	Sync bool
	// Cap bounds the journal, in bytes; 0: 256 MiB.
	Cap  int64
	Disk segment.Disk     // nil: the operating system's
	Log  *slog.Logger     // nil: nothing is said
	Now  func() time.Time // nil: time.Now
}

// Journal numbers accepted points and keeps them in the segments of one directory,
// which the caller has locked. Any goroutine may use it; it starts none.
type Journal struct {
	options Options
	log     *segment.Log

	// writing is held by the request that writes for all of a group, from numbering to
	// the end of the write; taken before mu. It guards:
	writing sync.Mutex
	records []segment.Record // of the write under way

	mu      sync.Mutex // never held over I/O
	waiting []*Record  // for the next write; the first one will do it
	idle    []*Record  // waiting and it change places at each write
	last    uint64     // sequence number given last
	opened  opened
	trouble trouble
}

// Open opens the journal in the directory, which it makes where it is missing. It
// writes nothing. Damage is no error: Replay passes it over and counts it.
func Open(dir string, o Options) (*Journal, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Cap == 0 {
		o.Cap = usualCap
	}
	after := o.After
	after.Next = 0 // the log goes on where its records end; what was given since is told by a record
	log, err := segment.Open(dir, segment.Options{
		Owner: owner, Encoding: Encoding, Cap: o.Cap, Spare: spares, After: after,
		Disk: o.Disk, Log: o.Log, Now: o.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("cannot open the journal: %w", err)
	}
	for _, f := range log.Report().Findings {
		o.Log.Warn("journal: a file is not as it should be", "file", f.Name, "reason", f.Reason, "detail", f.Detail)
	}
	j := &Journal{options: o, log: log}
	next := log.End().Next
	if next > 0 && o.After.Next > next {
		o.Log.Warn("journal: points are not in it, which were accepted while it could not be written or are lost",
			"first", next, "points", o.After.Next-next)
	}
	j.last = max(next, o.After.Next, 1) - 1
	return j, nil
}

// Bounds returns the highest sequence number given, and then the lowest that an open
// request has, last+1 if there is none. What lies below both is in the queues, or was
// not taken.
func (j *Journal) Bounds() (last, open uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if first, ok := j.opened.oldest(); ok {
		return j.last, first
	}
	return j.last, j.last + 1
}

// Position returns where the journal ends, to be stored with marks and given to the
// next Open. Its Next lies behind all numbers given so far: marks that were taken
// before lie below it.
func (j *Journal) Position() segment.Position {
	end := j.log.End()
	j.mu.Lock()
	defer j.mu.Unlock()
	end.Next = j.last + 1
	return end
}

// Tail returns the lowest sequence number that the journal may still hold; last+1 if
// it holds nothing.
func (j *Journal) Tail() uint64 {
	if next := j.log.Tail().Next; next > 0 {
		return next
	}
	last, _ := j.Bounds()
	return last + 1
}

// Bytes returns how much of the disk the journal takes, emptied segments apart.
func (j *Journal) Bytes() int64 { return j.log.Bytes() }

// Segments returns a description of each of its segments, the oldest first.
func (j *Journal) Segments() []segment.Segment { return j.log.Segments() }

// Release says that all points up to the sequence number mark have been delivered,
// dropped or spooled, and that the marks that say so are stored. It gives up the
// segments that hold no others.
func (j *Journal) Release(mark uint64) error {
	j.mu.Lock()
	j.trouble.safe = max(j.trouble.safe, mark)
	j.mu.Unlock()
	if err := j.log.Release(j.log.Find(mark + 1)); err != nil {
		return fmt.Errorf("cannot release the journal: %w", err)
	}
	return nil
}

// Close frees what the journal holds open. No request may be waiting, and none comes
// behind it.
func (j *Journal) Close() error { return j.log.Close() }
