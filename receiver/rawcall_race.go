//go:build race

package receiver

import "syscall"

// readNow and writeNow tell the race detector what they do, as rawcall.go cannot.
func readNow(descriptor uintptr, p []byte) (int, error) { return syscall.Read(int(descriptor), p) }

func writeNow(descriptor uintptr, p []byte) (int, error) { return syscall.Write(int(descriptor), p) }
