// Package slots keeps a small state in a directory so that a crash at any moment
// leaves a whole one: two files, the slots, which are written in turn. What is read
// back is the newer of those that are sound.
package slots

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path/filepath"

	"transfer/g/segment"
)

// Slots is the state kept in one directory. One goroutine uses it at a time.
type Slots struct {
	disk  segment.Disk
	paths [2]string
	files [2]segment.File // nil: not opened yet
	next  int             // slot to be written
	turn  uint64          // number of the state written last
	buf   []byte
}

// Layout of a slot, little-endian, behind which the file may go on with anything:
//
//	magic   8 bytes
//	turn    8 number of the state, higher than that of any before
//	length  8 of the state
//	sum     4 CRC-32C over the fields above and the state
//	state
const (
	magic       = "\xf5state1\n"
	headerBytes = 28
)

// LargestState bounds a state, in bytes: a slot that claims more is not sound.
const LargestState = 256 << 20

// Open finds the state in the directory, whose slots are called name.0 and name.1. It
// returns nil as the state where neither slot is sound, and in damage what is wrong
// with slots that are there and not sound; the newest state is lost then, or an
// older one is returned. An error is one of the disk.
func Open(disk segment.Disk, dir, name string) (s *Slots, state []byte, damage []error, err error) {
	s = &Slots{disk: disk}
	for i := range s.paths {
		s.paths[i] = filepath.Join(dir, fmt.Sprintf("%s.%d", name, i))
		found, turn, err := s.read(i)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case errors.As(err, new(*unsound)):
			damage = append(damage, err)
		case err != nil:
			return nil, nil, nil, err
		case turn > s.turn:
			state, s.turn, s.next = found, turn, 1-i
		}
	}
	return s, state, damage, nil
}

// unsound says that a slot does not hold what was written into it.
type unsound struct {
	path, what string
}

// Error implements error.
func (u *unsound) Error() string { return fmt.Sprintf("%s %s: it is passed over", u.path, u.what) }

// read returns the state in slot i.
func (s *Slots) read(i int) (state []byte, turn uint64, err error) {
	path := s.paths[i]
	file, err := s.disk.Open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("cannot open %s: %w", path, err)
	}
	defer func() { _ = file.Close() }() // it was only read
	header := make([]byte, headerBytes)
	if n, err := file.ReadAt(header, 0); n < headerBytes {
		if isEnd(err) {
			return nil, 0, &unsound{path, "is cut off"}
		}
		return nil, 0, fmt.Errorf("cannot read %s: %w; check that disk", path, err)
	}
	turn, length := binary.LittleEndian.Uint64(header[8:]), binary.LittleEndian.Uint64(header[16:])
	if string(header[:8]) != magic || length > LargestState {
		return nil, 0, &unsound{path, "is no state of this version"}
	}
	if state, err = readExactly(file, int64(length)); err != nil {
		if isEnd(err) {
			return nil, 0, &unsound{path, "is cut off"}
		}
		return nil, 0, fmt.Errorf("cannot read %s: %w; check that disk", path, err)
	}
	if binary.LittleEndian.Uint32(header[24:]) != sum(header[:24], state) {
		return nil, 0, &unsound{path, "is damaged"}
	}
	return state, turn, nil
}

// sum returns the checksum of a slot's header and state.
func sum(header, state []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum(header, table), table, state)
}

// Write stores the state in place of the older one. It is kept through a crash of the
// process; durable says that it must be kept through a power cut as well. After an
// error the newest state stored before is still there.
func (s *Slots) Write(state []byte, durable bool) error {
	if len(state) > LargestState {
		return fmt.Errorf("cannot store a state of %d bytes: %d are the most", len(state), LargestState)
	}
	if err := s.write(state, durable); err != nil {
		return fmt.Errorf("cannot write %s: %w; check that disk and its free space", s.paths[s.next], err)
	}
	s.turn++
	s.next = 1 - s.next
	return nil
}

func (s *Slots) write(state []byte, durable bool) error {
	made := false
	if s.files[s.next] == nil {
		file, err := s.disk.Reuse(s.paths[s.next])
		if made = errors.Is(err, fs.ErrNotExist); made {
			file, err = s.disk.Create(s.paths[s.next])
		}
		if err != nil {
			return err
		}
		s.files[s.next] = file
	}
	b := append(s.buf[:0], magic...)
	b = binary.LittleEndian.AppendUint64(b, s.turn+1)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(state)))
	b = binary.LittleEndian.AppendUint32(b, sum(b, state))
	b = append(b, state...)
	s.buf = b
	file := s.files[s.next]
	if _, err := file.WriteAt(b, 0); err != nil {
		return err
	}
	if !durable {
		return nil
	}
	if err := file.Datasync(); err != nil {
		// What the page cache holds from now on is not to be trusted: the next attempt
		// begins with a file of its own.
		_ = file.Close()
		s.files[s.next] = nil
		return errors.Join(err, s.disk.Remove(s.paths[s.next]))
	}
	if made {
		return s.disk.SyncDir(filepath.Dir(s.paths[s.next]))
	}
	return nil
}

// Close lets go of the files.
func (s *Slots) Close() error {
	var errs []error
	for i, file := range s.files {
		if file != nil {
			errs = append(errs, file.Close())
			s.files[i] = nil
		}
	}
	return errors.Join(errs...)
}
