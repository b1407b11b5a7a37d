package dead

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"transfer/g/segment"
	"transfer/sender/spool/folder"
)

// layout is the version of the records, which each segment names.
const layout = "letter/1"

// logFolder is where the log lies, in the target's folder.
const logFolder = "letters"

// manifest says whose the letters are and which of them were removed.
type manifest struct {
	Target  string    `json:"target"`
	Created time.Time `json:"created"`
	Removed place     `json:"removed"`        // up to there
	Gaps    []gap     `json:"gaps,omitempty"` // and these behind it, by number and apart
}

// place is a segment.Position as the manifest has it.
type place struct {
	Segment uint64 `json:"segment"`
	Offset  int64  `json:"offset"`
	Next    uint64 `json:"next"`
}

// box holds the letters of one target.
type box struct {
	o      Options
	target string
	dir    string
	log    *segment.Log

	mu       sync.Mutex // over the following and the order of appends
	manifest manifest
	dropped  uint64
	scratch  []byte
}

// openBox opens the target's box, or makes it. A manifest that is damaged is made
// anew: then letters of the oldest segment that had been removed are back.
func openBox(root, target string, o Options) (*box, error) {
	path := folder.Path(target)
	b := &box{o: o, target: target, dir: filepath.Join(root, path)}
	if err := o.Disk.MakeDir(b.dir); err != nil {
		return nil, fmt.Errorf("cannot make the directory %s: %w; check that disk and its mount", b.dir, err)
	}
	if err := b.claim(); err != nil {
		return nil, err
	}
	log, err := segment.Open(filepath.Join(b.dir, logFolder), segment.Options{
		Owner: folder.Owner(filepath.Join(path, logFolder)), Encoding: layout, Cap: o.Cap,
		After: b.removed(), ReadAhead: 64 << 10, Disk: o.Disk, Log: o.Log, Now: o.Now,
	})
	b.log = log
	return b, err
}

// claim reads the manifest, or writes one.
func (b *box) claim() error {
	err := folder.Read(b.o.Disk, b.dir, b.target, &b.manifest)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, folder.ErrDamaged):
		b.o.Log.Warn("dead letters: the manifest is made anew", "error", err)
		if err := folder.PutAside(b.o.Disk, b.dir); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	b.manifest = manifest{Target: b.target, Created: b.o.Now().UTC().Truncate(time.Second)}
	return folder.Write(b.o.Disk, b.dir, b.manifest)
}

// removed returns the position up to which letters were removed. The caller holds mu,
// or nobody else has the box.
func (b *box) removed() segment.Position { return segment.Position(b.manifest.Removed) }

// first returns the position before the first letter that is left. The caller holds
// mu.
func (b *box) first() segment.Position {
	first := b.log.Tail()
	if removed := b.removed(); removed.Compare(first) > 0 {
		first = removed
	}
	first.Next = max(1, first.Next)
	return first
}

func (b *box) describe() Box {
	b.mu.Lock()
	defer b.mu.Unlock()
	first, end := b.first(), b.log.End()
	return Box{
		Target: b.target, Letters: b.manifest.left(first.Next, end.Next), Dropped: b.dropped,
		Bytes: b.log.Bytes(), Tail: first, End: end, Segments: b.log.Segments(),
	}
}

func (b *box) add(l *Letter) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l.When.IsZero() {
		l.When = b.o.Now()
	}
	b.scratch = l.append(b.scratch[:0])
	record := segment.Record{First: max(1, b.log.End().Next), Count: 1, Payload: b.scratch}
	if err := b.log.Append(record); err != nil {
		return err
	}
	if cap(b.scratch) > keptScratch {
		b.scratch = nil
	}
	b.trim()
	return nil
}

// keptScratch bounds the memory that is kept between letters.
const keptScratch = 64 << 10

// trim drops the oldest letters, but for the segment that is written, until they are
// within the cap. A file that cannot be removed is back at the next start. The caller
// holds mu.
func (b *box) trim() {
	for b.log.Bytes() > b.o.Cap && len(b.log.Segments()) > 1 {
		dropped, _, err := b.log.Drop()
		if lost := b.manifest.left(dropped.First, dropped.Next); lost > 0 {
			b.dropped += lost
			b.o.Log.Warn("dead letters: the oldest went for the cap", "target", b.target, "letters", lost)
		}
		if err != nil {
			b.o.Log.Warn("dead letters: cannot remove a segment", "target", b.target, "error", err)
		}
	}
}

// remove gives up the letters between the positions. The manifest comes first: what a
// crash leaves on the disk is not shown again.
func (b *box) remove(from, until segment.Position) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if until.Compare(b.removed()) > 0 {
		m := b.manifest.without(from.Next, until, b.first().Next)
		if len(m.Gaps) > mostGaps {
			return fmt.Errorf("more than %d runs of letters would be left between removed ones: purge some first", mostGaps)
		}
		if err := folder.Write(b.o.Disk, b.dir, m); err != nil {
			return err
		}
		b.manifest = m
	}
	if b.removed().Compare(b.log.End()) >= 0 {
		b.log.Seal()
	}
	return b.log.Release(b.removed())
}

// holds reports whether the letter of the number was not removed.
func (b *box) holds(number uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.manifest.left(number, number+1) > 0
}
