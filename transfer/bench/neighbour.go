package bench

import (
	"fmt"
	"io"
	"net"
)

// How a neighbour behaves.
const (
	neighbourWell = "well" // it takes its points
	neighbourHung = "hung" // it takes connections, and answers nothing
)

// openNeighbour starts an address that is no part of what is measured: what arrives
// there counts nowhere. k is a kind with a ring.
func openNeighbour(k kind, behaves string) (*node, error) {
	serve := hang
	switch behaves {
	case neighbourHung:
	case neighbourWell:
		var err error
		if serve, err = k.tcp(new(tally)); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("cannot behave %q: %s or %s are known", behaves, neighbourWell, neighbourHung)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return serveTCP(l, serve), nil
}

// hang reads what comes and answers nothing, until the connection ends.
func hang(c net.Conn) error {
	_, err := io.Copy(io.Discard, c)
	return err
}
