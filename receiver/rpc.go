package receiver

import (
	"errors"
	"log/slog"
	"net"
	"time"

	"transfer/g"
	"transfer/g/metric"
	"transfer/g/stat"
)

// ListenRPC takes points in on ln as calls of Transfer.Update, in the JSON and the
// gob codec of net/rpc. ln is bound, and from now on belongs to the Server; nothing is
// read before Start. Whole requests, connections and their troubles are counted in
// counts; points are counted by whoever is behind a.
func ListenRPC(ln net.Listener, limits g.Limits, a Acceptor, counts *stat.Receiver, log *slog.Logger) *Server {
	protocol := func(limits g.Limits) serving { return newPort(limits, a, counts).serveRPC }
	return newServer(ln, limits, protocol, counts, log)
}

// The methods that are served.
const (
	updateMethod = "Transfer.Update"
	pingMethod   = "Transfer.Ping"
)

// call carries out one call. fault is why the argument of Transfer.Update could
// not be read into the batch, if so. The error is for the client.
func (c *client) call(method string, batch *metric.Batch, fault error) (invalid int, err error) {
	switch {
	case method == pingMethod:
		return 0, nil
	case method != updateMethod:
		return 0, unknownMethod(method)
	case errors.Is(fault, metric.ErrTooManyPoints):
		fault = &refusal{stat.TooManyPoints, fault}
	}
	if err = fault; err == nil {
		invalid, err = c.accept(batch)
	}
	countRefusal(c.counts, err)
	return invalid, err
}

// codec reads the requests of one connection and writes their replies.
type codec interface {
	// next looks at what was read and not yet used. It takes the first request off
	// it, or a part of one, carries it out and writes its reply to the client. It
	// returns how many bytes it took, 0 when more are needed. After an error the
	// connection is out of step.
	next(data []byte) (used int, err error)
	// stage returns what the codec has seen of the request that comes next.
	stage() stage
	// end gives back what the codec holds. It is not used any more.
	end()
}

// stage is how far the request has come that is being read.
type stage int

const (
	idle     stage = iota // nothing of it
	inHeader              // not yet all of what says where it goes
	inBody
)

// rpcSession is one connection to the RPC port.
type rpcSession struct {
	client
	codec codec
	stage stage     // for which the read deadline was set
	begun time.Time // when the first byte of the request came
}

// serveRPC answers the requests of one connection, one after another, until it
// ends.
func (p *port) serveRPC(c *conn) error {
	s := &rpcSession{client: newClient(p, c, int(p.limits.RequestBytes))}
	defer s.release()
	defer func() {
		if s.codec != nil {
			s.codec.end()
		}
	}()
	if err := c.readWithin(p.limits.IdleTimeout); err != nil {
		return err
	}
	for {
		if err := s.read(s.stage != idle); err != nil {
			return orNil(err)
		}
		if s.codec == nil {
			s.codec = codecFor(s.in.unread()[0], &s.client)
		}
		err := s.answer()
		if err := errors.Join(err, s.flush()); err != nil {
			return err
		}
		if err := s.setDeadline(); err != nil {
			return err
		}
	}
}

// orNil returns nil for errGone.
func orNil(err error) error {
	if errors.Is(err, errGone) {
		return nil
	}
	return err
}

// codecFor tells the codec by the first byte: no gob stream that a net/rpc client
// sends begins with { or white space.
func codecFor(first byte, c *client) codec {
	switch first {
	case '{', ' ', '\t', '\r', '\n':
		return newJSONCodec(c)
	}
	return newGobCodec(c)
}

// flushBytes is how many bytes of replies may gather before they are written.
const flushBytes = 64 << 10

// answer carries out all requests that are there.
func (s *rpcSession) answer() error {
	for {
		used, err := s.next()
		if err != nil || used == 0 {
			return err
		}
		s.in.use(used)
		if s.codec.stage() == idle {
			s.stage = idle
		}
		if len(s.out) >= flushBytes {
			if err := s.flush(); err != nil {
				return err
			}
		}
	}
}

// next lets the codec take one request.
func (s *rpcSession) next() (used int, err error) {
	data := s.in.unread()
	s.begin(len(data))
	defer s.end(len(data))
	return s.codec.next(data)
}

// setDeadline sets the time by which the next bytes must have come. A request's
// deadlines count from its first byte, however many reads it takes.
func (s *rpcSession) setDeadline() error {
	last := s.stage
	s.stage = s.codec.stage()
	switch {
	case s.stage == idle:
		return s.conn.readWithin(s.limits.IdleTimeout)
	case s.stage == last:
		return nil
	case last == idle:
		s.begun = time.Now()
	}
	timeout := s.limits.RequestTimeout
	if s.stage == inHeader {
		timeout = s.limits.HeaderTimeout
	}
	return s.conn.readUntil(deadline(s.begun, timeout))
}
