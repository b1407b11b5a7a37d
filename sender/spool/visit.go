package spool

import (
	"errors"
	"io"

	"transfer/g/segment"
	"transfer/sender/queue"
)

// Visitor is given one Block after another, each in memory of its own, with the number
// of its first point in the spool and the encoding of its items, until it returns
// false.
type Visitor func(b *queue.Block, first uint64, encoding string) (more bool)

// Visit gives the visitor what lies behind the position. It returns how many points
// could not be read because of damage.
func (s *Spool) Visit(from segment.Position, visit Visitor) (damaged uint64, err error) {
	r := s.Reader(from)
	defer r.Close()
	for {
		b := new(queue.Block)
		behind, err := r.Next(b)
		if errors.Is(err, io.EOF) {
			return r.Damage(), nil
		}
		if err != nil || !visit(b, behind.Next-uint64(b.Len()), r.Encoding()) {
			return r.Damage(), err
		}
	}
}

// Unread returns how many points of the folder lie behind the position, by the
// numbers.
func (f Folder) Unread(from segment.Position) (points uint64) {
	for _, segment := range f.Segments {
		if first := max(segment.First, from.Next); segment.Next > first && segment.First > 0 {
			points += segment.Next - first
		}
	}
	return points
}

// Visit is Spool.Visit for a lane that is not open, whatever its points' encoding.
func (s *Store) Visit(f Folder, from segment.Position, visit Visitor) (damaged uint64, err error) {
	o := f.Stored()
	for _, segment := range f.Segments {
		o.Known = append(o.Known, segment.Encoding)
	}
	p, err := s.Lane(o)
	if err != nil {
		return 0, err
	}
	damaged, err = p.Visit(from, visit)
	return damaged, errors.Join(err, p.Close())
}

// Empty gives up all that a lane holds that is not open.
func (s *Store) Empty(f Folder) error {
	p, err := s.Lane(f.Stored())
	if err != nil {
		return err
	}
	var errs []error
	for ok := true; ok; {
		var err error
		_, ok, err = p.Drop()
		errs = append(errs, err)
	}
	return errors.Join(append(errs, p.Close())...)
}
