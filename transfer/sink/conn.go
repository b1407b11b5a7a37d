package sink

import (
	"errors"
	"net"
)

// conn is a connection that plays the faults that show on the wire.
type conn struct {
	net.Conn
	door *door
	torn bool // a Reset let part of what came through; used by Read only
}

// Read reads, but not while the stand-in is frozen: what a Read under way got is
// held back until then. A Reset lets half of what came through and then falls.
func (c *conn) Read(p []byte) (int, error) {
	c.await(func(s *state) bool { return s.Mode == Freeze })
	if c.torn {
		return 0, c.reset()
	}
	n, err := c.Conn.Read(p)
	c.await(func(s *state) bool { return s.Mode == Freeze })
	if err == nil && c.door.gate.load().Mode == Reset {
		c.torn = true
		n /= 2
	}
	return n, err
}

// Write writes a reply, when the fault lets one go out.
func (c *conn) Write(p []byte) (int, error) {
	c.await((*state).silent)
	s := c.door.gate.load()
	switch {
	case s.Mode == Cut:
		return 0, c.reset()
	case s.dead():
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

// Close closes the connection, as net.Conn's does.
func (c *conn) Close() error {
	c.door.mu.Lock()
	delete(c.door.conns, c)
	c.door.mu.Unlock()
	return c.Conn.Close()
}

// await waits while the state is such.
func (c *conn) await(such func(*state) bool) {
	for s := c.door.gate.load(); such(s); s = c.door.gate.load() {
		<-s.over
	}
}

// reset closes the connection so that the peer sees a reset, not an end, and
// returns the error for whoever used it.
func (c *conn) reset() error {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
	return errors.New("stand-in was told to reset the connection")
}
