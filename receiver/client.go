package receiver

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"transfer/g/stat"
)

// client is the relay's end of one connection: what was read and not yet used,
// and what is still to be written. One goroutine uses it.
type client struct {
	*port
	conn *conn
	in   buffer
	out  []byte
}

// newClient returns the client on c, of whom at most maxUnread bytes are kept that
// make no whole request. It must be released.
func newClient(p *port, c *conn, maxUnread int) client {
	return client{port: p, conn: c, in: buffer{memory: &p.memory, max: maxUnread}}
}

// release gives the client's memory back.
func (c *client) release() { c.in.release() }

// errGone says that the connection ended in order: by the client between two
// requests, or by Stop.
var errGone = errors.New("connection ended")

// read waits for more bytes. midway says that a request has begun.
func (c *client) read(midway bool) error {
	err := c.conn.fill(&c.in)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errFull):
		return &refusal{stat.TooLarge, fmt.Errorf("request of more than %d bytes", c.limits.RequestBytes)}
	case errors.Is(err, errOverloaded):
		return &refusal{stat.Overloaded, err}
	case c.conn.interrupted():
		return errGone
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &refusal{stat.TimedOut, err}
	case errors.Is(err, io.EOF) && midway:
		return &refusal{stat.Malformed, io.ErrUnexpectedEOF}
	case errors.Is(err, io.EOF):
		return errGone
	}
	return err
}

// Write adds to what the next flush writes. It never fails.
func (c *client) Write(p []byte) (int, error) {
	c.out = append(c.out, p...)
	return len(p), nil
}

// flush writes what is to be written, for which the client has the request timeout.
func (c *client) flush() error {
	if len(c.out) == 0 {
		return nil
	}
	var err error
	if done := c.conn.writeNow(c.out); done < len(c.out) {
		err = c.writeSlowly(c.out[done:])
	}
	if c.out = c.out[:0]; cap(c.out) > 2*flushBytes {
		c.out = nil // an id may be as long as a request: an idle client must not hold that
	}
	return err
}

// writeSlowly writes as the client reads.
func (c *client) writeSlowly(p []byte) error {
	if err := c.conn.writeWithin(c.limits.RequestTimeout); err != nil {
		return err
	}
	_, err := c.conn.Write(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &refusal{stat.SlowReader, err}
	}
	return err
}

// deadline returns the time when a timeout that began at from is over; one of 0
// never is.
func deadline(from time.Time, timeout time.Duration) time.Time {
	if timeout <= 0 {
		return time.Time{}
	}
	return from.Add(timeout)
}
