package receiver

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// rawReader reads from a connection's descriptor, so that memory to read into is
// needed only once there is something to read: thousands of idle connections hold
// none.
type rawReader struct {
	raw syscall.RawConn
	try func(descriptor uintptr) (done bool) // is attempt, made a function once

	// Of the fill under way:
	into  *buffer
	fault error
}

// newRawReader returns nil if c has no descriptor.
func newRawReader(c net.Conn) *rawReader {
	s, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return nil
	}
	r := &rawReader{raw: raw}
	r.try = r.attempt
	return r
}

// fill reads once into b, waiting until there is something.
func (r *rawReader) fill(b *buffer) error {
	r.into, r.fault = b, nil
	err := r.raw.Read(r.try)
	r.into = nil
	if err == nil {
		err = r.fault
	}
	return err
}

// attempt reads if that is possible without waiting, else it reports that it was not.
func (r *rawReader) attempt(descriptor uintptr) (done bool) {
	room, err := r.into.room()
	if err != nil {
		r.fault = err
		return true
	}
	n, err := readOnce(descriptor, room)
	switch {
	case errors.Is(err, syscall.EAGAIN):
		r.into.shrink()
		return false
	case err != nil:
		r.fault = os.NewSyscallError("read", err)
	case n == 0:
		r.fault = io.EOF
	default:
		r.into.took(n)
	}
	return true
}

// readOnce is read(2), begun again when a signal broke it off.
func readOnce(descriptor uintptr, room []byte) (n int, err error) {
	for {
		if n, err = syscall.Read(int(descriptor), room); !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}
