package receiver

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// descriptor reads from and writes to a connection by its descriptor, so that memory to
// read into is needed only once there is something to read: thousands of idle connections
// hold none.
//
// The system calls are made without telling Go's scheduler (rawcall.go): none of them
// waits. When it is told of a call and the call takes long, as one does whose reply wakes a
// client that then runs in the relay's place, the scheduler gives the processor to another
// thread. That costs more than the call.
type descriptor struct {
	raw      syscall.RawConn
	tryRead  func(descriptor uintptr) (done bool) // is readInto, made a function once
	tryWrite func(descriptor uintptr) (done bool) // is writeFrom, likewise

	// Of the fill under way:
	into  *buffer
	fault error
	// Of the write under way:
	from    []byte
	written int
}

// newDescriptor returns nil if c has none.
func newDescriptor(c net.Conn) *descriptor {
	s, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return nil
	}
	d := &descriptor{raw: raw}
	d.tryRead, d.tryWrite = d.readInto, d.writeFrom
	return d
}

// fill reads once into b, waiting until there is something.
func (d *descriptor) fill(b *buffer) error {
	d.into, d.fault = b, nil
	err := d.raw.Read(d.tryRead)
	d.into = nil
	if err == nil {
		err = d.fault
	}
	return err
}

// readInto reads if that is possible without waiting, else it reports that it was not.
func (d *descriptor) readInto(descriptor uintptr) (done bool) {
	room, err := d.into.room()
	if err != nil {
		d.fault = err
		return true
	}
	n, err := untilDone(readNow, descriptor, room)
	switch {
	case errors.Is(err, syscall.EAGAIN):
		d.into.shrink()
		return false
	case err != nil:
		d.fault = os.NewSyscallError("read", err)
	case n == 0:
		d.fault = io.EOF
	default:
		d.into.took(n)
	}
	return true
}

// writeNow writes what of p the connection takes without waiting, and returns how many
// bytes. Why it took no more the next write will say.
func (d *descriptor) writeNow(p []byte) (n int) {
	d.from, d.written = p, 0
	_ = d.raw.Write(d.tryWrite)
	d.from = nil
	return d.written
}

func (d *descriptor) writeFrom(descriptor uintptr) (done bool) {
	d.written, _ = untilDone(writeNow, descriptor, d.from)
	return true
}

// untilDone makes the call, which fails with EINTR when a signal broke it off.
func untilDone(call func(descriptor uintptr, p []byte) (int, error), descriptor uintptr, p []byte) (n int, err error) {
	for {
		if n, err = call(descriptor, p); !errors.Is(err, syscall.EINTR) {
			return max(0, n), err
		}
	}
}
