package segment

import (
	"os"

	"golang.org/x/sys/unix"
)

// Datasync implements File. It leaves out the times of the file, which an fsync
// would write too: in a recycled segment nothing but data has changed.
func (f osFile) Datasync() error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	closed := conn.Control(func(fd uintptr) {
		for {
			failed = unix.Fdatasync(int(fd))
			if failed != unix.EINTR {
				return
			}
		}
	})
	if closed != nil {
		failed = os.ErrClosed // Control's own error is not that one
	}
	if failed != nil {
		return &os.PathError{Op: "fdatasync", Path: f.Name(), Err: failed}
	}
	return nil
}
