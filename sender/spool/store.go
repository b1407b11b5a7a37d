package spool

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"transfer/g/segment"
	"transfer/sender/spool/folder"
	"transfer/sender/spool/record"
)

// Options are what a Store is opened with. The zero Options are ready.
type Options struct {
	// Disk is the file layer; nil: the operating system's.
	Disk segment.Disk
	// Log takes what is to be said about damage and unknown files; nil: nothing is said.
	Log *slog.Logger
	// Now is the clock, wall and monotonic; nil: time.Now.
	Now func() time.Time
}

// Store is a folder of spools. Any goroutine may call its methods; it starts none.
type Store struct {
	dir     string
	disk    segment.Disk
	log     *slog.Logger
	now     func() time.Time
	clock   record.Clock
	batches sync.Pool // of *batch

	mu     sync.Mutex
	spools map[string]*Spool // that are open, by path
}

// Open opens the store in dir, which it makes where it is missing and which the caller
// has locked against other processes. It wipes nothing: what it does not know, it
// names in the log.
func Open(dir string, o Options) (*Store, error) {
	s := &Store{dir: dir, disk: o.Disk, log: o.Log, now: o.Now, spools: make(map[string]*Spool)}
	if s.disk == nil {
		s.disk = segment.OSDisk{}
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.clock = record.NewClock(s.now)
	s.batches.New = func() any { return new(batch) }
	if err := s.disk.MakeDir(dir); err != nil {
		return nil, fmt.Errorf("cannot make the directory of spools %s: %w; check that disk and its mount", dir, err)
	}
	_, unknown, err := folder.Walk(s.disk, dir)
	if err != nil {
		return nil, fmt.Errorf("cannot look for spools: %w; check that disk and its mount", err)
	}
	for _, path := range unknown {
		s.log.Warn("spool: unknown file or folder is left alone", "path", filepath.Join(dir, path))
	}
	return s, nil
}

// LaneOptions say which lane a spool is of.
type LaneOptions struct {
	Target string // id, such as graph/graph-00/10.0.0.1:6070
	Lane   int    // from 0 on
	Lanes  int    // of the target
	// Hash is the one by which items were put into lanes, such as crc32.
	Hash string
	// Encoding names the form of the items that are appended and all settings that
	// shape it: 1 to 56 bytes. Items in another one are kept, reported and never read.
	Encoding string
	// Known are other encodings that are to be read.
	Known []string
	// Cap is how many bytes the lane is to have; 0: no bound. It sets the size of the
	// segments, of which there are to be eight; the caller keeps to it by Drop.
	Cap int64
	// After is the furthest position that was stored of this spool.
	After segment.Position
}

// layout is the version of the records, a part of each segment's encoding: who does
// not know it leaves the segments alone.
const layout = "block/1 "

// Lane opens the spool of a lane, or makes it. It changes nothing that it finds but
// the target's manifest, where that says something else. errors.As: *LanesError where
// the number of lanes is another one, *folder.ClashError where another target has the
// folder; else a disk error, after which it can be tried again.
//
// The caller closes the spool; a lane has one that is open.
func (s *Store) Lane(l LaneOptions) (*Spool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := filepath.Join(folder.Path(l.Target), strconv.Itoa(l.Lane))
	if s.spools[path] != nil {
		return nil, fmt.Errorf("cannot open the spool in %s: it is open", s.path(path))
	}
	if err := s.claim(l); err != nil {
		return nil, err
	}
	log, err := s.openLog(path, l)
	if err != nil {
		return nil, err
	}
	p := &Spool{store: s, path: path, log: log, found: max(l.After.Segment, log.End().Segment)}
	for _, segment := range log.Segments() {
		p.found = max(p.found, segment.Number)
	}
	for _, f := range log.Report().Findings {
		s.log.Warn("spool: a file is not as it should be", "path", filepath.Join(s.path(path), f.Name),
			"bytes", f.Bytes, "reason", string(f.Reason), "detail", f.Detail)
	}
	s.spools[path] = p
	return p, nil
}

// openLog opens the log in the folder. It keeps no emptied segments, although to write
// into one again costs half of what a fresh one does: there may be hundreds of lanes,
// each of which would hold on to 64 MiB of disk.
func (s *Store) openLog(path string, l LaneOptions) (*segment.Log, error) {
	known := make([]string, len(l.Known))
	for i, encoding := range l.Known {
		known[i] = layout + encoding
	}
	return segment.Open(s.path(path), segment.Options{
		Owner: folder.Owner(path), Encoding: layout + l.Encoding, Known: known, Cap: l.Cap, After: l.After,
		ReadAhead: readAhead, Disk: s.disk, Log: s.log, Now: s.now,
	})
}

// readAhead is how many bytes a Reader reads at a time, and its memory where Blocks are
// no larger.
const readAhead = 64 << 10

// path returns the path of a folder in the store.
func (s *Store) path(below string) string { return filepath.Join(s.dir, below) }

// closed forgets a spool.
func (s *Store) closed(p *Spool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.spools, p.path)
}
