//go:build !race

package receiver

import (
	"syscall"
	"unsafe"
)

// readNow is read(2) of a descriptor that does not block, of which the scheduler is not
// told.
func readNow(descriptor uintptr, p []byte) (int, error) {
	return rawCall(syscall.SYS_READ, descriptor, p)
}

// writeNow is write(2), likewise.
func writeNow(descriptor uintptr, p []byte) (int, error) {
	return rawCall(syscall.SYS_WRITE, descriptor, p)
}

func rawCall(call, descriptor uintptr, p []byte) (int, error) {
	n, _, errno := syscall.RawSyscall(call, descriptor, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
