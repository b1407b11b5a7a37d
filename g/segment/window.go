package segment

import (
	"errors"
	"io"
)

// window reads a file through one buffer, mostly forward.
type window struct {
	file  File
	limit int64 // nothing from here on is read
	ahead int   // how many bytes to read at a time

	buffer []byte // the file's bytes from start on
	start  int64
}

// look sets the window on another file. The buffer is kept.
func (w *window) look(file File, limit int64) {
	w.file, w.limit, w.start, w.buffer = file, limit, 0, w.buffer[:0]
}

// at returns n bytes from offset on, which both lie before the limit. They are valid
// until the next call. io.ErrUnexpectedEOF says that the file ends before.
func (w *window) at(offset int64, n int) ([]byte, error) {
	from := offset - w.start
	if from < 0 || from+int64(n) > int64(len(w.buffer)) {
		if err := w.fill(offset, n); err != nil {
			return nil, err
		}
		from = 0
	}
	return w.buffer[from : from+int64(n)], nil
}

// rest returns what the buffer holds from offset on, at least n bytes.
func (w *window) rest(offset int64, n int) ([]byte, error) {
	if _, err := w.at(offset, n); err != nil {
		return nil, err
	}
	return w.buffer[offset-w.start:], nil
}

// fill makes the buffer hold the file from offset on: n bytes, and as many behind
// them as are wanted ahead.
func (w *window) fill(offset int64, n int) error {
	size := int(min(int64(max(n, w.ahead)), w.limit-offset))
	var kept []byte
	if from := offset - w.start; from >= 0 && from < int64(len(w.buffer)) {
		kept = w.buffer[from:]
	}
	if cap(w.buffer) < size {
		w.buffer = make([]byte, max(size, min(w.ahead, int(w.limit-recordsFrom))))
	}
	buffer := w.buffer[:size]
	have := copy(buffer, kept)
	got, err := w.file.ReadAt(buffer[have:], offset+int64(have))
	have += got
	w.start, w.buffer = offset, buffer[:have]
	if have >= n {
		return nil // an error further on is met when it is in the way
	}
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
