package backlog

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"transfer/g/segment"
	"transfer/g/stat"
	"transfer/sender/dead"
)

// Letters are the dead letters of a relay, whether it runs or not. Without a Store there
// are none.
type Letters struct{ Store *dead.Store }

// letterFiles are the dead letters in the files of a stopped relay.
type letterFiles struct {
	Letters
	data Data
}

// openLetters opens the dead letters in the data directory, which data has taken and
// which it closes with the source.
func openLetters(dir string, data Data, log *slog.Logger) (source, error) {
	store, err := dead.Open(filepath.Join(dir, deadFolder), dead.Options{Log: log})
	if err != nil {
		return nil, errors.Join(err, data.Close())
	}
	return &letterFiles{Letters{store}, data}, nil
}

// Close implements source.
func (s *letterFiles) Close() error { return errors.Join(s.Store.Close(), s.data.Close()) }

// Rows returns the targets that have letters.
func (s Letters) Rows() ([]Row, error) {
	boxes, err := s.boxes()
	if err != nil {
		return nil, err
	}
	rows := []Row{}
	for _, b := range boxes {
		if b.Letters == 0 {
			continue
		}
		row := Row{Target: b.Target, Points: b.Letters, Bytes: b.Bytes}
		newest := segment.Position{Segment: b.Segments[len(b.Segments)-1].Number}
		if err := s.setTimes(&row, newest); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// setTimes sets when the oldest and the newest letter were written. It reads the
// newest segment, which begins at the position.
func (s Letters) setTimes(row *Row, newest segment.Position) error {
	for _, end := range []struct {
		from segment.Position
		all  bool
		is   **time.Time
	}{{segment.Position{}, false, &row.Oldest}, {newest, true, &row.Newest}} {
		_, err := s.read(row.Target, end.from, func(l dead.Letter, _ segment.Position) bool {
			at := l.When
			*end.is = &at
			return end.all
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// read gives the target's letters behind the position, with the position behind each,
// to take until that returns false. It returns how many were damaged.
func (s Letters) read(target string, from segment.Position, take func(l dead.Letter, behind segment.Position) bool) (damaged uint64, err error) {
	r, err := s.Store.Letters(target, from)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	for {
		l, behind, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r.Damage(), nil
		}
		if err != nil || !take(l, behind) {
			return r.Damage(), err
		}
	}
}

// Points gives the letters of a target to show, the oldest first, until that returns
// false. It returns how many could not be read because of damage.
func (s Letters) Points(of Row, show func(Point) bool) (damaged uint64, err error) {
	if _, err := s.box(of.Target); err != nil {
		return 0, err
	}
	return s.read(of.Target, segment.Position{}, func(l dead.Letter, behind segment.Position) bool {
		p := Point{
			Target: l.Target, Number: behind.Next - 1, When: l.When, Hash: l.Hash,
			Encoding: l.Encoding, Address: l.Address, Reason: l.Reason,
		}
		setItem(&p, l.Item)
		return show(p)
	})
}

// Purge throws away all letters of the row's target.
func (s Letters) Purge(of Row) (points uint64, err error) {
	b, err := s.box(of.Target)
	if err != nil {
		return 0, err
	}
	return b.Letters, s.Store.Remove(of.Target, segment.Position{}, b.End)
}

func (s Letters) boxes() ([]dead.Box, error) {
	if s.Store == nil {
		return nil, nil
	}
	return s.Store.Boxes()
}

// box returns what there is of a target. A store makes a folder for each target that
// it is asked for, so it is asked only for those that have one.
func (s Letters) box(target string) (dead.Box, error) {
	boxes, err := s.boxes()
	if err != nil {
		return dead.Box{}, err
	}
	for _, b := range boxes {
		if b.Target == target {
			return b, nil
		}
	}
	return dead.Box{}, fmt.Errorf("cannot find dead letters of %s: %w", target, stat.ErrNoBacklog)
}
