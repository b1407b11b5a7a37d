package receiver

import (
	"net"
	"sync"
)

// begunConn is a connection that somebody else has read from before.
type begunConn struct {
	net.Conn

	mu    sync.Mutex
	in    buffer // what was read: it comes first
	fault error  // then this, if it is one, instead of the connection's own
}

// Read reads what was read before, then from the connection.
func (c *begunConn) Read(p []byte) (int, error) {
	if n, err := c.before(p); n > 0 || err != nil {
		return n, err
	}
	return c.Conn.Read(p)
}

// before reads what was read before.
func (c *begunConn) before(p []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n = copy(p, c.in.unread())
	c.in.use(n)
	switch {
	case len(c.in.unread()) > 0:
		return n, nil
	case c.in.data != nil:
		c.in.release()
	}
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, c.fault
}

// Close closes the connection.
func (c *begunConn) Close() error {
	c.release()
	return c.Conn.Close()
}

func (c *begunConn) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in.data != nil {
		c.in.release()
	}
}
