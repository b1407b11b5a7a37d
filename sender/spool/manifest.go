package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"transfer/sender/spool/folder"
)

// manifest says whose the spools in a folder are and what they were made with.
type manifest struct {
	Target   string    `json:"target"`
	Lanes    int       `json:"lanes"`
	Hash     string    `json:"hash"`
	Encoding string    `json:"encoding"`
	Created  time.Time `json:"created"`
}

// LanesError says that the spools of a target were made for another number of lanes
// and hold something: their series would change the lane, and with it their order.
type LanesError struct {
	Target string
	Lanes  int // for which they were made
}

// Error implements error.
func (e *LanesError) Error() string {
	return fmt.Sprintf("cannot change the lanes of %s: its spools were made for %d and are not empty; let them drain first", e.Target, e.Lanes)
}

// claim sees to it that the target's folder has the manifest that l asks for.
func (s *Store) claim(l LaneOptions) error {
	dir := s.path(folder.Path(l.Target))
	if err := s.disk.MakeDir(dir); err != nil {
		return fmt.Errorf("cannot make the directory %s: %w; check that disk and its mount", dir, err)
	}
	m, err := s.manifest(dir, l.Target)
	if err != nil {
		return err
	}
	if m.Lanes != l.Lanes && m.Lanes > 0 {
		if holds, err := s.holds(dir); err != nil {
			return err
		} else if holds {
			return &LanesError{Target: l.Target, Lanes: m.Lanes}
		}
	}
	wanted := manifest{Target: l.Target, Lanes: l.Lanes, Hash: l.Hash, Encoding: l.Encoding, Created: m.Created}
	if wanted == m {
		return nil
	}
	if m.Created.IsZero() {
		wanted.Created = s.now().UTC().Truncate(time.Second)
	}
	return folder.Write(s.disk, dir, wanted)
}

// manifest returns the target's manifest in dir. Where there is none, or a damaged
// one, it is made of what lies there: all lanes of a target have a folder.
func (s *Store) manifest(dir, target string) (manifest, error) {
	var m manifest
	err := folder.Read(s.disk, dir, target, &m)
	if err == nil || !errors.Is(err, folder.ErrDamaged) && !errors.Is(err, fs.ErrNotExist) {
		return m, err
	}
	if errors.Is(err, folder.ErrDamaged) {
		s.log.Warn("spool: the manifest is made anew", "error", err)
		if err := folder.PutAside(s.disk, dir); err != nil {
			return manifest{}, err
		}
	}
	lanes, err := folder.Numbered(s.disk, dir)
	return manifest{Lanes: len(lanes)}, err
}

// MayHold reports whether there may be points of the target, as far as that can be told
// without opening its spools: false only if it is certain that there are none.
func (s *Store) MayHold(target string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	dir := s.path(folder.Path(target))
	var clash *folder.ClashError
	if err := folder.Read(s.disk, dir, target, new(manifest)); errors.As(err, &clash) {
		return false // all that is there is another target's
	}
	holds, err := s.holds(dir)
	return holds || err != nil
}

// holds reports whether some lane of the target in dir has a segment.
func (s *Store) holds(dir string) (bool, error) {
	lanes, err := folder.Numbered(s.disk, dir)
	if err != nil {
		return false, err
	}
	for _, lane := range lanes {
		path := filepath.Join(dir, strconv.Itoa(lane))
		files, err := s.disk.List(path)
		if err != nil {
			return false, fmt.Errorf("cannot list %s: %w; check that disk and its mount", path, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file.Name(), ".seg") {
				return true, nil
			}
		}
	}
	return false, nil
}
