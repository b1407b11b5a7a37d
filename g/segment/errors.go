package segment

import (
	"errors"
	"fmt"
	"syscall"
)

// ErrFull says that the disk has no room, or the user no quota. Free some, then try
// again.
var ErrFull = errors.New("no space left for it")

// ErrOrder says that a record does not follow the one before it. It is a mistake of
// the caller.
var ErrOrder = errors.New("sequence numbers are not contiguous")

// TooLargeError says that a record does not fit into a segment.
type TooLargeError struct {
	Bytes, Limit int64 // of the file: what the record takes, what a segment has
}

// Error implements error.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("a record of %d bytes does not fit into a segment, which takes %d: raise the cap or make the records smaller", e.Bytes, e.Limit)
}

// diskError wraps an error of the Disk with what was to be done, its class, and what
// the operator can do.
func diskError(do, path string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("cannot %s %s: %w: %w; free space on that disk", do, path, ErrFull, err)
	}
	return fmt.Errorf("cannot %s %s: %w; check that disk and its mount", do, path, err)
}
