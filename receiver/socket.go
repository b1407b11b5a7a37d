package receiver

import (
	"bytes"
	"log/slog"
	"net"
	"time"

	"transfer/g"
	"transfer/g/metric"
	"transfer/g/stat"
)

// ListenSocket takes points in on ln as lines. ln is bound, and from now on belongs to
// the Server; nothing is read before Start.
func ListenSocket(ln net.Listener, limits g.Limits, a Acceptor, counts *stat.Receiver, log *slog.Logger) *Server {
	protocol := func(limits g.Limits) serving { return newPort(limits, a, counts).serveLines }
	return newServer(ln, limits, protocol, counts, log)
}

// linesAtOnce bounds the lines of one batch: the points of so many fit into a
// processor's first cache.
const linesAtOnce = 250

// The pauses before lines that could not be taken are offered again, doubling.
const (
	firstRetryPause = 50 * time.Millisecond
	lastRetryPause  = time.Second
)

// lineSession is one connection to the line socket.
type lineSession struct {
	client
	discarding bool // what comes up to the next newline ends a line too long
}

// serveLines takes the lines of one connection until it ends. Nothing is written
// back; while the points can't be taken, nothing more is read.
func (p *port) serveLines(c *conn) error {
	s := &lineSession{client: newClient(p, c, max(readBytes, int(p.limits.RequestBytes)+1))}
	defer s.release()
	for quit := false; !quit; {
		if err := c.readWithin(p.limits.IdleTimeout); err != nil {
			return err
		}
		if err := s.read(false); err != nil {
			return orNil(err)
		}
		quit = s.takeLines()
	}
	return nil
}

// takeLines hands on the whole lines that were read and reports whether the
// session is over.
func (s *lineSession) takeLines() (quit bool) {
	data := s.in.unread()
	if s.discarding {
		_, rest, ended := bytes.Cut(data, []byte("\n"))
		s.in.use(len(data) - len(rest))
		s.discarding, data = !ended, rest
	}
	whole := bytes.LastIndexByte(data, '\n') + 1
	if len(data)-whole > int(s.limits.RequestBytes) {
		whole, s.discarding = len(data), true
	}
	quit = s.deliver(data[:whole])
	s.in.use(whole)
	return quit
}

// deliver hands the lines on in batches, each one again until it is taken. It
// reports whether the session is over: by quit, or because the relay stops.
func (s *lineSession) deliver(lines []byte) (quit bool) {
	batch := s.batch()
	defer s.doneWith(batch)
	for len(lines) > 0 && !quit {
		var used int
		for pause := firstRetryPause; ; pause = min(2*pause, lastRetryPause) {
			batch.Reset() // what an Accept that failed had filled in must not pile up
			used, quit = readLines(batch, lines, int(s.limits.RequestBytes))
			if _, err := s.acceptor.Accept(batch); err == nil {
				break
			}
			if !s.conn.wait(pause) {
				s.counts.Trouble(stat.NotReady)
				return true
			}
		}
		s.counts.Requests.Add(1)
		lines = lines[used:]
	}
	return quit
}

// readLines reads the first lines, as many as one batch takes, and returns how
// many bytes they are and whether the last was quit.
func readLines(batch *metric.Batch, lines []byte, maxLine int) (used int, quit bool) {
	var form lineForm
	for used < len(lines) && len(batch.Points) < linesAtOnce && !quit {
		if next := form.scan(batch, alias(lines), used, maxLine); next > 0 {
			used = next
			continue
		}
		line, _, _ := bytes.Cut(lines[used:], []byte("\n"))
		used = min(used+len(line)+1, len(lines))
		if len(line) > maxLine {
			batch.Add().Refused = metric.LineTooLong
			continue
		}
		quit = readLine(batch, line)
	}
	return used, quit
}
