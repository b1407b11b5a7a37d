package spool

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"transfer/g/segment"
	"transfer/sender/spool/folder"
)

// Folder is what lies on the disk of one lane.
type Folder struct {
	Target      string // id
	Lane, Lanes int
	Hash        string // by which items were put into lanes
	Encoding    string // of what was appended last
	Bytes       int64
	// Points is how many the sequence numbers say there are: those that were read and
	// not yet released count too, and so do damaged ones.
	Points   uint64
	Tail     segment.Position
	End      segment.Position
	Segments []segment.Segment // the oldest first
}

// Folders returns all lanes that have a folder, whether their target is configured or
// not, by path; those that hold nothing too. Of what is being written it is as of some
// moment.
func (s *Store) Folders() ([]Folder, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	targets, _, err := folder.Walk(s.disk, s.dir)
	if err != nil {
		return nil, fmt.Errorf("cannot look for spools: %w; check that disk and its mount", err)
	}
	var folders []Folder
	for _, target := range targets {
		dir := s.path(target.Path)
		var m manifest
		if err := folder.Read(s.disk, dir, target.ID, &m); err != nil {
			return nil, err
		}
		lanes, err := folder.Numbered(s.disk, dir)
		if err != nil {
			return nil, err
		}
		for _, lane := range lanes {
			f := Folder{Target: m.Target, Lane: lane, Lanes: m.Lanes, Hash: m.Hash, Encoding: m.Encoding}
			if err := s.describe(filepath.Join(target.Path, strconv.Itoa(lane)), &f); err != nil {
				return nil, err
			}
			folders = append(folders, f)
		}
	}
	return folders, nil
}

// describe fills in what the folder of a lane holds.
func (s *Store) describe(path string, f *Folder) error {
	var log *segment.Log
	if p := s.spools[path]; p != nil {
		log = p.log
	} else {
		var err error
		if log, err = s.openLog(path, LaneOptions{Encoding: f.Encoding}); err != nil {
			return err
		}
		defer func() { _ = log.Close() }() // nothing was written
	}
	f.Bytes, f.Tail, f.End, f.Segments = log.Bytes(), log.Tail(), log.End(), log.Segments()
	for i := range f.Segments {
		f.Points += f.Segments[i].Points()
		f.Segments[i].Encoding = encodingOf(f.Segments[i].Encoding)
	}
	return nil
}

// encodingOf returns the encoding of the items in a segment that says of itself what
// is given. It is left as it is where the segment's layout is another one.
func encodingOf(segment string) string { return strings.TrimPrefix(segment, layout) }

// Stored returns the options with which the lane in the folder opens as it is: for
// targets that are not configured, and to look at it.
func (f Folder) Stored() LaneOptions {
	return LaneOptions{Target: f.Target, Lane: f.Lane, Lanes: f.Lanes, Hash: f.Hash, Encoding: f.Encoding}
}
