package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"transfer/g/metric"
	"transfer/g/segment"
)

// badPlaces is how many places in a row that the disk cannot read are passed over. A
// disk that is gone is not tried for long.
const badPlaces = 64

// Entry is one record of the journal, as Replay gives it. It is good until Replay
// goes on.
type Entry struct {
	// Routing is what SetRouting said before; nil: no record says. It is the same slice
	// as long as it has the same content, and stays good.
	Routing []byte
	First   uint64 // sequence number of its first point
	Batch   *metric.Batch
	// Accepted is when its points were accepted, by the wall clock of that time.
	Accepted time.Time
}

// Last returns the sequence number of its last point.
func (e *Entry) Last() uint64 { return e.First + uint64(len(e.Batch.Points)) - 1 }

// Replay calls each with the records that hold points from the sequence number from
// on, in order, until the journal's end or an error of each, which it returns. lost is
// how many points are missing. A disk that cannot be read is an error only where it
// gives nothing any more.
func (j *Journal) Replay(from uint64, each func(*Entry) error) (lost uint64, err error) {
	start := j.log.Find(from)
	start.Next = 0 // else the routing at the segment's head would count as passed
	p := player{journal: j, reader: j.log.Reader(start), from: from, each: each}
	p.entry.Batch = &metric.Batch{}
	defer p.reader.Close()
	err = p.play()
	return p.reader.Damage().Points - p.before + p.broken, err
}

// player is one Replay.
type player struct {
	journal *Journal
	reader  *segment.Reader
	from    uint64
	each    func(*Entry) error
	entry   Entry
	before  uint64 // points damaged below from
	broken  uint64 // points in records that are not understood
}

// play reads all records.
func (p *player) play() error {
	for bad := 0; ; {
		record, _, err := p.reader.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			if bad++; bad > badPlaces {
				return fmt.Errorf("cannot read the journal: %w", err)
			}
			p.journal.options.Log.Error("journal: a place cannot be read", "error", err)
			p.reader.Skip()
			continue
		}
		bad = 0
		if err := p.record(record); err != nil {
			return err
		}
	}
}

// record deals with one record of the log.
func (p *player) record(r segment.Record) error {
	switch {
	case r.Schema == schemaRouting:
		if !bytes.Equal(r.Payload, p.entry.Routing) {
			p.entry.Routing = slices.Clone(r.Payload)
		}
		return nil
	case r.Next() <= p.from:
		p.before = p.reader.Damage().Points
		return nil
	case r.Schema == schemaUnheld:
		return nil
	}
	p.entry.Batch.Reset()
	accepted, err := decode(r.Payload, r.Count, p.entry.Batch)
	if err != nil || r.Schema != schemaPoints {
		p.broken += uint64(r.Count)
		p.journal.options.Log.Error("journal: a record is passed over", "first", r.First, "points", r.Count, "schema", r.Schema, "error", err)
		return nil
	}
	p.entry.First, p.entry.Accepted = r.First, time.Unix(0, accepted)
	return p.each(&p.entry)
}
