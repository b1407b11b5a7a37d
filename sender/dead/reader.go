package dead

import (
	"fmt"

	"transfer/g/segment"
)

// Reader reads the letters of a target, the oldest first. It is used by one goroutine
// at a time.
type Reader struct {
	box       *box
	records   *segment.Reader
	illegible uint64
}

// Letters returns a reader of the target's letters behind the position; the zero
// Position lies before the first. The caller closes it.
func (s *Store) Letters(target string, from segment.Position) (*Reader, error) {
	b, err := s.box(target)
	if err != nil {
		return nil, fmt.Errorf("cannot read dead letters of %s: %w", target, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if first := b.first(); from.Compare(first) < 0 {
		from = first
	}
	return &Reader{box: b, records: b.log.Reader(from)}, nil
}

// Next returns the next letter and the position behind it, up to which Remove can
// give up. Its Item is valid until the following call. io.EOF says that there is
// none yet; other errors come from the disk: after them Next tries the same again,
// and Skip gives up what cannot be read.
func (r *Reader) Next() (Letter, segment.Position, error) {
	for {
		record, position, err := r.records.Next()
		if err != nil {
			return Letter{}, position, err
		}
		if !r.box.holds(record.First) {
			continue
		}
		l := Letter{Target: r.box.target}
		if err = l.decode(record.Payload); err == nil {
			return l, position, nil
		}
		r.illegible += uint64(record.Count)
		r.box.o.Log.Warn("dead letters: one cannot be understood", "target", r.box.target, "number", record.First, "error", err)
	}
}

// Damage returns how many letters were missing or could not be understood so far.
func (r *Reader) Damage() uint64 { return r.records.Damage().Points + r.illegible }

// Skip makes Next pass a place that it could not read; see segment.Reader.Skip.
func (r *Reader) Skip() { r.records.Skip() }

// Close frees what the reader holds.
func (r *Reader) Close() { r.records.Close() }
