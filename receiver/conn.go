package receiver

import (
	"net"
	"sync"
	"time"
)

// conn is a connection whose reads can be ended for good while writes go on. But for
// interrupt and Close, one goroutine uses it.
type conn struct {
	net.Conn
	raw     *descriptor // nil where the connection has none
	readBy  time.Time   // the read deadline, the zero time for none
	writeBy time.Time   // the write deadline
	passed  bool        // it is somebody else's now

	mu       sync.Mutex
	stopping chan struct{} // closed by interrupt
}

func newConn(c net.Conn) *conn {
	return &conn{Conn: c, raw: newDescriptor(c), stopping: make(chan struct{})}
}

// finish closes the connection, if it was not passed on.
func (c *conn) finish() {
	if !c.passed {
		_ = c.Close()
	}
}

// fill reads once into b. While it waits, b holds no more memory than what is unread
// asks for.
func (c *conn) fill(b *buffer) error {
	if c.raw == nil {
		return b.fill(c.Conn)
	}
	return c.raw.fill(b)
}

// writeNow writes what of p goes without waiting, and returns how many bytes. It may be
// none; Write says why.
func (c *conn) writeNow(p []byte) int {
	if c.raw == nil {
		return 0
	}
	return c.raw.writeNow(p)
}

// readUntil sets the time until which bytes may come, the zero time for ever. After
// interrupt it does nothing.
func (c *conn) readUntil(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.interrupted() {
		return nil
	}
	c.readBy = t
	return c.SetReadDeadline(t)
}

// readWithin lets bytes come for so long from now on, or up to an eighth longer; a
// timeout of 0 never ends.
func (c *conn) readWithin(timeout time.Duration) error {
	t, due := renewed(c.readBy, time.Now(), timeout)
	if !due {
		return nil
	}
	return c.readUntil(t)
}

// writeWithin lets writes take so long from now on, or up to an eighth longer; a
// timeout of 0 never ends.
func (c *conn) writeWithin(timeout time.Duration) error {
	t, due := renewed(c.writeBy, time.Now(), timeout)
	if !due {
		return nil
	}
	c.writeBy = t
	return c.SetWriteDeadline(t)
}

// renewed returns the deadline that is to take the place of old, for a timeout that
// begins now, and whether it must. To set one costs as much as to read three points,
// so that it is set an eighth too late and stays while it is not too early.
func renewed(old, now time.Time, timeout time.Duration) (t time.Time, due bool) {
	if timeout <= 0 {
		return time.Time{}, !old.IsZero()
	}
	earliest, latest := now.Add(timeout), now.Add(timeout+timeout/8)
	return latest, old.Before(earliest) || old.After(latest)
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
