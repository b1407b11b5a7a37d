package pipeline

import (
	"errors"
	"time"

	"transfer/g/metric"
	"transfer/transfer/pipeline/journal"
)

// errUnkept refuses a batch that the journal does not take. Why it does not, the log
// and the health say; to clients paths are of no use.
var errUnkept = errors.New("retry: the relay cannot write its journal at present")

// Journal keeps accepted points until their targets have them. journal.Journal says
// what its methods promise.
type Journal interface {
	Append(r *journal.Record) (first uint64, err error)
	Pass(points int) (first uint64)
	Done(first uint64)
}

// Durability says what becomes of a batch's points before it is acknowledged.
type Durability struct {
	Journal Journal // nil: they lie in memory only
	Refuse  bool    // what the journal does not take is refused, until SetRefuse; else it lies in memory only
}

// number gives the batch's valid points, so many, their sequence numbers, of which it
// returns the first, and keeps the points as they are to be kept. numbered must follow.
func (p *Pipeline) number(w *passage, b *metric.Batch, points int, at *reading) (first uint64, err error) {
	to := p.durability
	if to.Journal == nil {
		return p.sequence.Add(uint64(points)) - uint64(points) + 1, nil
	}
	first, err = to.Journal.Append(w.write(b, at.accepted))
	switch {
	case err == nil:
		return first, nil
	case p.refuse.Load():
		return 0, errUnkept
	}
	return to.Journal.Pass(points), nil
}

// numbered ends what number began: all items lie in the queues.
func (p *Pipeline) numbered(first uint64) {
	if j := p.durability.Journal; j != nil {
		j.Done(first)
	}
}

// write returns the journal's record of the batch's valid points.
func (w *passage) write(b *metric.Batch, accepted time.Time) *journal.Record {
	if w.record == nil {
		w.record = journal.NewRecord()
	}
	w.record.Begin(accepted)
	w.record.Add(b.Points)
	return w.record
}
