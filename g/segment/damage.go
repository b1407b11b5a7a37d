package segment

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// Damage counts what a reader found missing or could not read.
type Damage struct {
	Places int    // where something was missing
	Points uint64 // by the gaps between sequence numbers
	Bytes  int64  // that did not validate
}

// Bounds of what is kept of damaged bytes, for each log. They are for a person to
// look at; a disk that fails must not fill itself with them.
const (
	keptFiles = 64
	keptBytes = 256 << 10 // of each place
)

// keepDamaged copies bytes of a segment's file aside, unless enough is kept already,
// and says so.
func (l *Log) keepDamaged(of generation, file File, offset, bytes int64, points uint64) {
	name := fmt.Sprintf("%s-%d", of.base(), offset)
	err := l.copyDamaged(name, file, offset, min(bytes, keptBytes))
	if errors.Is(err, fs.ErrExist) || errors.Is(err, errEnoughKept) {
		return // said before
	}
	attrs := []any{"segment", l.path(of.file(segmentSuffix)), "offset", offset, "bytes", bytes, "points", points}
	if err == nil {
		attrs = append(attrs, "kept", l.path(filepath.Join(damagedFolder, name)))
	} else {
		attrs = append(attrs, "not_kept", err)
	}
	l.options.Log.Warn("segment: damaged bytes are passed over", attrs...)
}

// errEnoughKept says that no more damaged bytes are kept.
var errEnoughKept = errors.New("enough is kept already")

// copyDamaged writes so many of the file's bytes to a file of the given name.
func (l *Log) copyDamaged(name string, file File, offset, size int64) error {
	disk, folder := l.options.Disk, l.path(damagedFolder)
	if err := disk.MakeDir(folder); err != nil {
		return err
	}
	kept, err := disk.List(folder)
	if err != nil {
		return err
	}
	for _, f := range kept {
		if f.Name() == name {
			return fs.ErrExist
		}
	}
	if len(kept) >= keptFiles {
		return errEnoughKept
	}
	bytes := make([]byte, size)
	n, err := file.ReadAt(bytes, offset)
	if n == 0 {
		return err
	}
	copied, err := disk.Create(filepath.Join(folder, name))
	if err != nil {
		return err
	}
	return errors.Join(writeAt(copied, bytes[:n], 0), copied.Close())
}
