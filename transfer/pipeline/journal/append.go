package journal

import (
	"errors"
	"fmt"
	"math"

	"transfer/g/segment"
)

// largestPiece bounds one record of the log, in bytes. A quarter of a segment: what
// stands at its head has room too.
const largestPiece = 8 << 20

// errTooLarge says that a single point is larger than the journal takes, which it
// never will.
var errTooLarge = errors.New("the journal takes no point of more than 8 MiB: send shorter names")

// Append gives the record's points their numbers, which begin with first, and writes
// them; in Sync mode it makes them durable. The request is open from then on until
// Done.
//
// On an error nothing was taken, and the request is not open: errors.Is with
// segment.ErrFull where space lacks. The journal is tried again a second later; until
// then Append returns the error at once.
func (j *Journal) Append(r *Record) (first uint64, err error) {
	if err := r.complete(); err != nil {
		return 0, fmt.Errorf("cannot write to the journal: %w", err)
	}
	leads, err := j.join(r)
	switch {
	case err != nil:
		return 0, err
	case leads:
		j.writeGroup()
	default:
		<-r.done
	}
	return r.first, r.err
}

// Pass gives numbers to points that the journal does not take. It is for whoever goes
// on in memory after an error of Append. The request is open until Done.
func (j *Journal) Pass(points int) (first uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	first = j.open(points)
	j.trouble.exposed = j.last
	return first
}

// Done ends the open request whose numbers begin with first: all its items lie in the
// queues.
func (j *Journal) Done(first uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.opened.done(first)
}

// complete ends the last piece of the record.
func (r *Record) complete() error {
	if r.points > 0 {
		r.cut(len(r.payload))
	}
	from := 0
	for _, p := range r.pieces {
		if p.end-from > largestPiece {
			return errTooLarge
		}
		from = p.end
	}
	return nil
}

// Points returns how many points were added to the record.
func (r *Record) Points() int {
	n := r.points
	for _, p := range r.pieces {
		n += int(p.points)
	}
	return n
}

// join makes the record wait for the next write. leads says that the caller has to do
// it, for all that wait by then.
func (j *Journal) join(r *Record) (leads bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.trouble.refusal(j.options.Now); err != nil {
		return false, err
	}
	j.waiting = append(j.waiting, r)
	return len(j.waiting) == 1, nil
}

// writeGroup writes the records of all that wait, of which the caller's is the first.
// While it waits for the write before to end, others join.
func (j *Journal) writeGroup() {
	j.writing.Lock()
	defer j.writing.Unlock()
	group := j.number()
	err := j.write(group)
	j.settle(group, err)
	for i, r := range group {
		r.err = err
		if i > 0 {
			r.done <- struct{}{} // from here on it is its owner's again
		}
	}
	clear(group)
}

// number takes those that wait, and gives them numbers.
func (j *Journal) number() (group []*Record) {
	j.mu.Lock()
	defer j.mu.Unlock()
	group = j.waiting
	j.waiting, j.idle = j.idle[:0], group
	for _, r := range group {
		r.first = j.open(r.Points())
	}
	return group
}

// open gives numbers to a request, which is open from then on. The caller holds mu.
func (j *Journal) open(points int) (first uint64) {
	first = j.last + 1
	j.last += uint64(points)
	j.opened.add(first)
	return first
}

// write writes the group's records. The caller holds writing.
func (j *Journal) write(group []*Record) error {
	next := group[0].first
	j.records = j.unheld(j.records[:0], next)
	for _, r := range group {
		from := 0
		next = r.first
		for _, p := range r.pieces {
			record := segment.Record{First: next, Count: p.points, Schema: schemaPoints, Payload: r.payload[from:p.end]}
			j.records = append(j.records, record)
			from, next = p.end, record.Next()
		}
	}
	err := j.log.Append(j.records...)
	clear(j.records)
	if err == nil && j.options.Sync {
		err = j.log.Sync()
	}
	if err != nil {
		return fmt.Errorf("cannot write to the journal: %w", err)
	}
	j.keepToCap()
	return nil
}

// unheld appends the records that say which numbers below next the log has not got.
func (j *Journal) unheld(records []segment.Record, next uint64) []segment.Record {
	for at := j.log.End().Next; at > 0 && at < next; {
		r := segment.Record{First: at, Count: uint32(min(next-at, math.MaxUint32)), Schema: schemaUnheld}
		records = append(records, r)
		at = r.Next()
	}
	return records
}

// keepToCap drops the oldest segments as long as the journal is larger than its cap:
// somebody did not spool in time. Their points are still in memory.
func (j *Journal) keepToCap() {
	for j.log.Bytes() > j.options.Cap {
		dropped, ok, err := j.log.Drop()
		if !ok {
			return
		}
		if err != nil {
			j.options.Log.Warn("journal: a dropped segment cannot be removed", "error", err)
		}
		j.drop(dropped)
	}
}
