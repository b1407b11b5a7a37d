package spool

import (
	"fmt"
	"sync"

	"transfer/g/segment"
	"transfer/sender/queue"
)

// Spool is the log of one lane. Any goroutine may call its methods, and none holds up
// another for longer than a write takes.
type Spool struct {
	store *Store
	path  string // of its folder, below the store's
	log   *segment.Log
	found uint64 // no segment up to this number was written by this process

	appending sync.Mutex
	positions []segment.Position // what the last Append returned
}

// Append writes the Blocks at the end, all or none, and returns the position behind
// each, valid until the next Append. The Blocks stay the caller's and must not change
// meanwhile. Of all positions but the last only Next is exact: the place may lie
// before it, from where a Reader finds what Next names.
//
// Nothing is changed on error: errors.As with *TooLargeError, which names the item
// that has to go; errors.Is with segment.ErrFull, os.ErrClosed; else an I/O error.
// While it runs it takes as much memory as the Blocks: 2 MiB at a time are best.
func (s *Spool) Append(blocks ...*queue.Block) ([]segment.Position, error) {
	b, _ := s.store.batches.Get().(*batch)
	defer s.store.putBatch(b)
	s.appending.Lock()
	defer s.appending.Unlock()
	position := s.log.End()
	position.Next = max(1, position.Next)
	b.encode(blocks, position.Next, s.store.clock.Stamps())
	if err := s.log.Append(b.records...); err != nil {
		return nil, fmt.Errorf("cannot spool %d points: %w", b.points(), b.explain(err))
	}
	s.positions = s.positions[:0]
	for _, block := range blocks {
		position.Next += uint64(block.Len())
		s.positions = append(s.positions, position)
	}
	if n := len(s.positions); n > 0 {
		s.positions[n-1] = s.log.End()
	}
	return s.positions, nil
}

// Tail returns the position of the oldest Block; the End if there is none.
func (s *Spool) Tail() segment.Position { return s.log.Tail() }

// End returns the position behind the last Block.
func (s *Spool) End() segment.Position { return s.log.End() }

// Bytes returns how much of the disk the spool takes.
func (s *Spool) Bytes() int64 { return s.log.Bytes() }

// Segments returns a description of each segment, the oldest first.
func (s *Spool) Segments() []segment.Segment { return s.log.Segments() }

// Sync makes durable what was appended before the call; see segment.Log.Sync.
func (s *Spool) Sync() error { return s.log.Sync() }

// Seal ends the segment that is written, so that Release can free all of it.
func (s *Spool) Seal() { s.log.Seal() }

// Release gives up the segments that lie wholly before the position.
func (s *Spool) Release(until segment.Position) error { return s.log.Release(until) }

// Drop gives up the oldest segment and returns what it was; see segment.Log.Drop.
func (s *Spool) Drop() (dropped segment.Segment, ok bool, err error) { return s.log.Drop() }

// Close frees what the spool holds open. Its Readers are closed by their owners.
func (s *Spool) Close() error {
	s.store.closed(s)
	return s.log.Close()
}
