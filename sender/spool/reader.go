package spool

import (
	"transfer/g/segment"
	"transfer/sender/queue"
	"transfer/sender/spool/record"
)

// Reader reads the Blocks of a spool in order, while others are appended. It is used
// by one goroutine at a time.
type Reader struct {
	spool     *Spool
	records   *segment.Reader
	illegible uint64 // points of records that are sound and yet none of ours
}

// Reader returns a reader of the Blocks behind the position; see segment.Log.Reader.
// The caller closes it.
func (s *Spool) Reader(from segment.Position) *Reader {
	return &Reader{spool: s, records: s.log.Reader(from)}
}

// Next fills the Block, which is empty, with the next one, in its memory where that is
// enough, and returns the position behind it. A Block of more than 512 KiB comes in
// parts, each with the sequence numbers of the whole.
//
// io.EOF says that there is none yet: the position then is the spool's End at this
// moment. After other errors, which come from the disk, Next tries the same again,
// and Skip gives up what cannot be read.
func (r *Reader) Next(b *queue.Block) (segment.Position, error) {
	for {
		stored, position, err := r.records.Next()
		if err != nil {
			return position, err
		}
		accepted, err := record.Decode(b, stored.Payload, stored.Count)
		if err == nil {
			b.Accepted = r.spool.store.clock.Time(accepted, position.Segment > r.spool.found)
			return position, nil
		}
		b.Reset()
		r.illegible += uint64(stored.Count)
		r.spool.store.log.Warn("spool: points cannot be understood", "path", r.spool.store.path(r.spool.path),
			"from", stored.First, "points", stored.Count, "error", err)
	}
}

// Damage returns how many points were missing or could not be understood so far.
func (r *Reader) Damage() uint64 { return r.records.Damage().Points + r.illegible }

// Encoding returns the encoding of the items of the last Block.
func (r *Reader) Encoding() string { return encodingOf(r.records.Encoding()) }

// Skip makes Next pass a place that it could not read; see segment.Reader.Skip.
func (r *Reader) Skip() { r.records.Skip() }

// Position returns the position behind the last Block, as Next returned it.
func (r *Reader) Position() segment.Position { return r.records.Position() }

// Close frees what the reader holds.
func (r *Reader) Close() { r.records.Close() }
