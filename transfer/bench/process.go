package bench

import (
	"fmt"
	"net"
	"path/filepath"

	"transfer/transfer/program"
)

// process is what a row measures.
type process struct {
	*program.Program
	pprof string // host:port of its profiles; empty: it has none
}

// startProcess starts a program with dir as its working directory and what it
// prints in a file there.
func startProcess(dir, binary string, args ...string) (*process, error) {
	p, err := program.Start(filepath.Join(dir, "log"), binary, args...)
	if err != nil {
		return nil, err
	}
	return &process{Program: p}, nil
}

// freeAddress returns an address of loopback whose port nobody uses, for a program
// that cannot choose one by itself.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("cannot find a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}
