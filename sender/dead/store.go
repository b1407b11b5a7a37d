package dead

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"transfer/g/segment"
	"transfer/sender/spool/folder"
)

// Options are what a Store is opened with. The zero Options are ready.
type Options struct {
	// Disk is the file layer; nil: the operating system's.
	Disk segment.Disk
	// Log takes what is to be said; nil: nothing is said.
	Log *slog.Logger
	// Now is the wall clock; nil: time.Now.
	Now func() time.Time
	// Cap is how many bytes of letters a target may have: beyond them the oldest go.
	// 0: 64 MiB.
	Cap int64
}

// defaultCap is Options.Cap where that is 0: some 300,000 letters.
const defaultCap = 64 << 20

// Store is a folder of dead letters. Any goroutine may call its methods; it starts
// none.
type Store struct {
	dir      string
	o        Options
	counting sync.Once // looks for boxes that are not open

	mu    sync.Mutex
	boxes map[string]*box // that are open, by the target's id
}

// Open opens the store in dir, which it makes where it is missing and which the
// caller has locked against other processes. What it does not know, it names in the
// log and leaves alone.
func Open(dir string, o Options) (*Store, error) {
	if o.Disk == nil {
		o.Disk = segment.OSDisk{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Cap <= 0 {
		o.Cap = defaultCap
	}
	if err := o.Disk.MakeDir(dir); err != nil {
		return nil, fmt.Errorf("cannot make the directory of dead letters %s: %w; check that disk and its mount", dir, err)
	}
	_, unknown, err := folder.Walk(o.Disk, dir)
	if err != nil {
		return nil, fmt.Errorf("cannot look for dead letters: %w; check that disk and its mount", err)
	}
	for _, path := range unknown {
		o.Log.Warn("dead letters: unknown file or folder is left alone", "path", filepath.Join(dir, path))
	}
	return &Store{dir: dir, o: o, boxes: make(map[string]*box)}, nil
}

// Add keeps a letter of the target; without a When it is of now. When the target has
// more than its cap, its oldest go. errors.Is with segment.ErrFull, os.ErrClosed; errors.As with
// *segment.TooLargeError where the item is larger than an eighth of the cap; else an
// I/O error.
func (s *Store) Add(target string, l Letter) error {
	b, err := s.box(target)
	if err == nil {
		err = b.add(&l)
	}
	if err != nil {
		return fmt.Errorf("cannot keep a dead letter of %s: %w", target, err)
	}
	return nil
}

// Box is what there is of one target.
type Box struct {
	Target   string
	Letters  uint64 // by the numbers: damaged ones count too
	Dropped  uint64 // by this Store for the cap, since it was opened
	Bytes    int64
	Tail     segment.Position // before the first letter
	End      segment.Position // behind the last one
	Segments []segment.Segment
}

// Boxes returns all targets that have a folder, by path, also those without letters.
func (s *Store) Boxes() ([]Box, error) {
	targets, _, err := folder.Walk(s.o.Disk, s.dir)
	if err != nil {
		return nil, fmt.Errorf("cannot look for dead letters: %w; check that disk and its mount", err)
	}
	boxes := make([]Box, 0, len(targets))
	for _, target := range targets {
		b, err := s.box(target.ID)
		if err != nil {
			return nil, err
		}
		boxes = append(boxes, b.describe())
	}
	return boxes, nil
}

// Remove gives up the target's letters between the positions, which a Reader or Boxes
// gave; the zero Position lies before the first. Where they share a segment with others,
// they only stop being shown. A box cannot be parted so more than a hundred times.
func (s *Store) Remove(target string, from, until segment.Position) error {
	b, err := s.box(target)
	if err == nil {
		err = b.remove(from, until)
	}
	if err != nil {
		return fmt.Errorf("cannot remove dead letters of %s: %w", target, err)
	}
	return nil
}

// Sync makes durable what was added before the call.
func (s *Store) Sync() error {
	s.mu.Lock()
	logs := make([]*segment.Log, 0, len(s.boxes))
	for _, b := range s.boxes {
		logs = append(logs, b.log)
	}
	s.mu.Unlock()
	var errs []error
	for _, log := range logs {
		errs = append(errs, log.Sync())
	}
	return errors.Join(errs...)
}

// Close frees what the store holds open. Nothing may be called meanwhile or after.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, b := range s.boxes {
		errs = append(errs, b.log.Close())
	}
	return errors.Join(errs...)
}

// box returns the box of a target, which it opens or makes where need be. Letters are
// rare, so mu may be held over that.
func (s *Store) box(target string) (*box, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.boxes[target]; b != nil {
		return b, nil
	}
	b, err := openBox(s.dir, target, s.o)
	if err != nil {
		return nil, err
	}
	s.boxes[target] = b
	return b, nil
}
