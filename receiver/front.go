package receiver

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"transfer/g"
)

// Front stands before the HTTP server on its port and takes the usual requests of
// /api/push itself: those that agents and services send all day, written in the usual way
// and taken without an error. net/http would need a fifth of the CPU time that such a
// request takes in all. As soon as anything else comes, or a request cannot be answered by
// a success, the connection goes to the server for good, with all that was read of the
// request: Front is the net.Listener that the server accepts from.
type Front struct {
	*Server
	push   *Push
	others chan net.Conn
}

// NewFront returns a Front over ln, which is bound and from now on belongs to it. What it
// takes counts as push's.
func NewFront(ln net.Listener, push *Push, log *slog.Logger) *Front {
	f := &Front{push: push, others: make(chan net.Conn)}
	f.Server = newServer(ln, push.limits, func(g.Limits) serving { return f.serve }, push.counts, log)
	return f
}

// Accept waits for the next connection on which something else than a usual request came.
// After Close or Stop it returns net.ErrClosed.
func (f *Front) Accept() (net.Conn, error) {
	select {
	case c := <-f.others:
		return c, nil
	case <-f.stop:
		return nil, net.ErrClosed
	}
}

// Close closes the port and the idle connections. Stop does, too, and waits.
func (f *Front) Close() error { return f.shut() }

// frontSession is one connection that has sent nothing but usual requests.
type frontSession struct {
	client
	front *Front
}

// serve answers usual requests until the connection ends or goes to the server.
func (f *Front) serve(c *conn) error {
	s := &frontSession{newClient(f.push.port, c, mostHead+int(f.push.limits.RequestBytes)), f}
	defer s.release()
	if err := c.readWithin(s.limits.HeaderTimeout); err != nil { // the server waits no longer for the first one
		return err
	}
	for {
		if len(s.in.unread()) == 0 && c.fill(&s.in) != nil {
			return nil // between two requests a client may be silent or gone
		}
		if usual, err := s.answer(); !usual {
			return s.pass(err)
		}
		if err := errors.Join(s.flush(), c.readWithin(s.limits.IdleTimeout)); err != nil {
			return err
		}
	}
}

// answer takes the request that has begun and writes its reply, and reports whether it
// could. If not, nothing of the request is used; the error is that of the connection, if it
// has one.
func (s *frontSession) answer() (usual bool, err error) {
	start := time.Now()
	head, ok := readPushHead(s.in.unread())
	if !ok || head.body > int(s.limits.RequestBytes) {
		return false, nil
	}
	if err := s.await(head.size + head.body); err != nil {
		return false, err
	}
	body := s.in.unread()[head.size:][:head.body]
	reply, ok := s.front.push.takeUsual(body, start)
	if !ok {
		return false, nil
	}
	s.in.use(head.size + head.body)
	s.out = appendPushReply(s.out, reply, start)
	return true, nil
}

// await waits until so many bytes of the request are there.
func (s *frontSession) await(size int) error {
	if len(s.in.unread()) >= size {
		return nil
	}
	if err := s.conn.readWithin(s.limits.RequestTimeout); err != nil {
		return err
	}
	for len(s.in.unread()) < size {
		if err := s.conn.fill(&s.in); err != nil {
			return err
		}
	}
	return nil
}

// appendPushReply appends the reply to a usual request, as net/http would write it.
func appendPushReply(dst, reply []byte, now time.Time) []byte {
	dst = append(dst, "HTTP/1.1 200 OK\r\nContent-Type: "+pushReplyType+"\r\nX-Content-Type-Options: nosniff\r\nDate: "...)
	dst = now.UTC().AppendFormat(dst, http.TimeFormat)
	dst = append(dst, "\r\nContent-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(reply)), 10)
	dst = append(dst, "\r\n\r\n"...)
	return append(dst, reply...)
}

// pass gives the connection to the server, with what was read and not used. fault is what
// the connection has met since.
func (s *frontSession) pass(fault error) error {
	c := s.conn
	s.front.conns.remove(c) // from now on it is the server's to stop
	if c.interrupted() {
		return nil
	}
	if err := c.SetDeadline(time.Time{}); err != nil {
		return err
	}
	if errors.Is(fault, errOverloaded) {
		fault = nil // the connection is well
	}
	next := &begunConn{Conn: c.Conn, in: s.in, fault: fault}
	s.in = buffer{}
	select {
	case s.front.others <- next:
		c.passed = true
	case <-s.front.stop:
		next.release()
	}
	return nil
}
