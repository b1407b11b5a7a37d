package receiver

import (
	"net"
	"sync"
	"time"
)

// conn is a connection whose reads can be ended for good while writes go on.
type conn struct {
	net.Conn

	mu       sync.Mutex
	stopping chan struct{} // closed by interrupt
}

func newConn(c net.Conn) *conn {
	return &conn{Conn: c, stopping: make(chan struct{})}
}

// readUntil sets the time until which bytes may come. After interrupt it does
// nothing.
func (c *conn) readUntil(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.interrupted() {
		return nil
	}
	return c.SetReadDeadline(t)
}

// interrupt ends the read under way and every later one. It is called once.
func (c *conn) interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.stopping)
	_ = c.SetReadDeadline(time.Unix(1, 0)) // it only fails where reads fail, too
}

func (c *conn) interrupted() bool {
	select {
	case <-c.stopping:
		return true
	default:
		return false
	}
}

// wait waits for a time and reports whether interrupt did not end it.
func (c *conn) wait(pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.stopping:
		return false
	}
}

// conns is the set of a server's open connections.
type conns struct {
	mu       sync.Mutex
	open     map[*conn]struct{}
	stopping bool
}

// add reports whether the connection may be served: not once interrupt was called.
func (s *conns) add(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopping {
		s.open[c] = struct{}{}
	}
	return !s.stopping
}

func (s *conns) remove(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
}

// interrupt ends the reads of all connections.
func (s *conns) interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return
	}
	s.stopping = true
	for c := range s.open {
		c.interrupt()
	}
}

// close closes all connections and returns how many they were.
func (s *conns) close() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		_ = c.Close() // whoever serves it meets the error
	}
	return len(s.open)
}
