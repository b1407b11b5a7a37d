package slots

import (
	"errors"
	"io"

	"transfer/g/segment"
)

// readStep bounds what is allocated on the word of a length alone, in bytes.
const readStep = 1 << 20

// readExactly reads so many bytes that follow the header. Its memory grows with what
// is there, not with what is claimed.
func readExactly(file segment.File, length int64) ([]byte, error) {
	var state []byte
	for int64(len(state)) < length {
		from := len(state)
		n := min(length-int64(from), readStep)
		state = append(state, make([]byte, n)...)
		if read, err := file.ReadAt(state[from:], headerBytes+int64(from)); int64(read) < n {
			return nil, err
		}
	}
	return state, nil
}

// isEnd reports whether err says that the file is shorter than was asked for.
func isEnd(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
