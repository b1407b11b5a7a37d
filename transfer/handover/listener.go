package handover

import (
	"fmt"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Copy returns a second descriptor of what a TCP listener listens on, which stays open
// when the listener is closed. It belongs to the caller.
//
// It is not made by the listener's File, whose descriptor turns blocking as soon as it
// is passed on, and with it the listener: Close would then wait for the next client.
func Copy(ln *net.TCPListener) (*os.File, error) {
	raw, err := ln.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("cannot copy the listener %s: %w", ln.Addr(), err)
	}
	var descriptor int
	var fault error
	if err := raw.Control(func(fd uintptr) {
		descriptor, fault = unix.FcntlInt(fd, syscall.F_DUPFD_CLOEXEC, 0)
	}); err != nil {
		fault = err
	}
	if fault != nil {
		return nil, fmt.Errorf("cannot copy the listener %s: %w", ln.Addr(), fault)
	}
	return os.NewFile(uintptr(descriptor), ln.Addr().String()), nil
}
