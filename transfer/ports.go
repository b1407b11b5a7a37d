package main

import (
	"fmt"
	"net"
)

// ports binds what the relay listens on.
type ports interface {
	// Listen binds address, host:port or :port, over TCP; port 0 is any free one. The
	// listener belongs to the caller.
	Listen(address string) (net.Listener, error)
}

// plainPorts binds ports of the system.
type plainPorts struct{}

// Listen implements ports.
func (plainPorts) Listen(address string) (net.Listener, error) {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot bind the port, free it or choose another one: %w", err)
	}
	return ln, nil
}
