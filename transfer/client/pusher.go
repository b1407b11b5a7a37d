package client

import (
	"fmt"
	"net"
	"time"
)

// Reply is the relay's answer to one push, in the words of the wire.
type Reply struct {
	Message string
	Total   int   // points understood, invalid ones included
	Invalid int   // of these, refused
	Latency int64 // milliseconds that the relay took
}

// Pusher pushes points over one connection. One goroutine uses it.
type Pusher interface {
	// Push sends points and waits for the answer, within the timeout given to Dial.
	// After an error the Pusher may be broken: Close it and Dial again. The points
	// may have been taken nevertheless.
	Push(points []*Point) (Reply, error)
	// Close ends the connection. Over the socket, which answers nothing, it returns
	// an error when the relay did not read all that was sent.
	Close() error
}

// Ways returns the ways in which Dial can push.
func Ways() []string { return []string{"rpc", "gob", "http", "socket"} }

// Dial connects to a relay. The address is host:port of its receiver for the way
// chosen: rpc (net/rpc's JSON codec), gob (net/rpc's gob codec), http
// (/api/push) or socket (update lines). Each Push may take as long as timeout.
func Dial(way, address string, timeout time.Duration) (Pusher, error) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, fmt.Errorf("cannot push to %q: write host:port, such as 127.0.0.1:8433", address)
	}
	var p Pusher
	var err error
	switch way {
	case "rpc":
		p, err = dialJSON(address, timeout)
	case "gob":
		p, err = dialGob(address, timeout)
	case "http":
		p = newHTTP(address, timeout)
	case "socket":
		p, err = dialSocket(address, timeout)
	default:
		return nil, fmt.Errorf("cannot push via %q: choose one of %q", way, Ways())
	}
	if err != nil {
		return nil, cannotConnect(err)
	}
	return p, nil
}

// cannotConnect says why there is no connection.
func cannotConnect(err error) error {
	return fmt.Errorf("cannot connect to the relay (is it running there?): %w", err)
}
