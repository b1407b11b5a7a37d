package backlog

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"transfer/g/segment"
	"transfer/sender/queue"
	"transfer/sender/spool"
)

// spools are the spools in the files of a stopped relay.
type spools struct {
	data    Data
	store   *spool.Store
	folders map[laneKey]spool.Folder
}

type laneKey struct {
	target string
	lane   int
}

// openSpools opens the spools in the data directory, which data has taken and which it
// closes with the source.
func openSpools(dir string, data Data, log *slog.Logger) (source, error) {
	store, err := spool.Open(filepath.Join(dir, spoolFolder), spool.Options{Log: log})
	if err != nil {
		return nil, errors.Join(err, data.Close())
	}
	return &spools{data: data, store: store, folders: make(map[laneKey]spool.Folder)}, nil
}

// Rows implements source. Lanes that hold nothing have none.
func (s *spools) Rows() ([]Row, error) {
	folders, err := s.store.Folders()
	if err != nil {
		return nil, err
	}
	rows := []Row{}
	for _, f := range folders {
		if f.Bytes == 0 {
			continue
		}
		s.folders[laneKey{f.Target, f.Lane}] = f
		row := Row{Target: f.Target, Lane: &f.Lane, Points: f.Unread(s.read(f)), Bytes: f.Bytes, Encoding: f.Encoding}
		if err := s.setTimes(&row, f); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// read returns up to where the lane has delivered.
func (s *spools) read(f spool.Folder) segment.Position { return s.data.Read(f.Target, f.Lane) }

// setTimes sets when the oldest and the newest point were accepted. It reads the
// newest segment.
func (s *spools) setTimes(row *Row, f spool.Folder) error {
	from := s.read(f)
	newest := segment.Position{Segment: f.Segments[len(f.Segments)-1].Number}
	if newest.Segment <= from.Segment {
		newest = from
	}
	for _, end := range []struct {
		from segment.Position
		all  bool
		is   **time.Time
	}{{from, false, &row.Oldest}, {newest, true, &row.Newest}} {
		_, err := s.store.Visit(f, end.from, func(b *queue.Block, _ uint64, _ string) bool {
			at := b.Accepted
			*end.is = &at
			return end.all
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Points implements source.
func (s *spools) Points(of Row, show func(Point) bool) (damaged uint64, err error) {
	f, err := s.folder(of)
	if err != nil {
		return 0, err
	}
	return s.store.Visit(f, s.read(f), showing(f.Target, f.Lane, show))
}

// folder returns the folder of a row that Rows returned.
func (s *spools) folder(of Row) (spool.Folder, error) {
	if of.Lane != nil {
		if f, ok := s.folders[laneKey{of.Target, *of.Lane}]; ok {
			return f, nil
		}
	}
	return spool.Folder{}, fmt.Errorf("cannot find the spool of %s", of.Target)
}

// Purge implements source. What is purged is stored first: a crash in between leaves
// files that nobody reads any more.
func (s *spools) Purge(of Row) (points uint64, err error) {
	f, err := s.folder(of)
	if err != nil {
		return 0, err
	}
	points = f.Unread(s.read(f))
	if err := s.data.Purged(f, points); err != nil {
		return 0, err
	}
	return points, s.store.Empty(f)
}

// Close implements source.
func (s *spools) Close() error { return s.data.Close() }
