package sink

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// NewTSDB starts a stand-in for OpenTSDB's telnet protocol: lines of
//
//	put METRIC TIMESTAMP VALUE tag=value ...
//
// which are not answered when they are good, `version` and `exit`. The tag
// endpoint becomes the point's endpoint. A call is what one read of the
// connection brought.
func NewTSDB(addr string, o Options) (*Sink, error) {
	return open("tsdb", addr, o, func(s *Sink) func(net.Conn) {
		return (&tsdb{s}).serve
	})
}

type tsdb struct{ sink *Sink }

const (
	maxLine  = 64 << 10 // bytes
	maxLines = 1000     // points of one call
)

// serve reads lines until the client or a fault ends the connection.
func (t *tsdb) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	in := bufio.NewReaderSize(c, maxLine)
	var points []Point
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return
		}
		answer, quit := "", false
		switch verb, rest, _ := strings.Cut(strings.TrimSpace(string(line)), " "); verb {
		case "":
		case "put":
			p, err := parsePut(rest)
			if err != nil {
				t.sink.invalid.Add(1)
				answer = fmt.Sprintf("put: %v\n", err)
				break
			}
			points = append(points, p)
		case "version":
			answer = "net.opentsdb.tools stand-in\n"
		case "exit":
			quit = true
		default:
			answer = fmt.Sprintf("unknown command: %s.  Try `help'.\n", verb)
		}
		if answer != "" {
			if _, err := c.Write([]byte(answer)); err != nil {
				return
			}
		}
		if len(points) > 0 && (quit || len(points) == maxLines || !lineReady(in)) {
			if err := t.sink.take(points); err != nil {
				fmt.Fprintf(c, "put: %v\n", err)
			}
			points = points[:0]
		}
		if quit {
			return
		}
	}
}

// lineReady reports whether a whole line can be read without waiting.
func lineReady(in *bufio.Reader) bool {
	ready, _ := in.Peek(in.Buffered())
	return bytes.IndexByte(ready, '\n') >= 0
}

// parsePut reads what follows the word put. Timestamps are in seconds.
func parsePut(s string) (Point, error) {
	fields := strings.Fields(s)
	if len(fields) < 4 {
		return Point{}, fmt.Errorf("illegal argument: not enough arguments (need least 4, got %d)", len(fields))
	}
	p := Point{Metric: fields[0], Tags: make(map[string]string, len(fields)-3)}
	var err error
	if p.Timestamp, err = strconv.ParseInt(fields[1], 10, 64); err != nil || p.Timestamp <= 0 {
		return Point{}, fmt.Errorf("illegal argument: invalid timestamp: %s", fields[1])
	}
	if p.Value, err = strconv.ParseFloat(fields[2], 64); err != nil {
		return Point{}, fmt.Errorf("illegal argument: invalid value: %s", fields[2])
	}
	for _, f := range fields[3:] {
		k, v, ok := strings.Cut(f, "=")
		if !ok || k == "" || v == "" {
			return Point{}, errors.New("illegal argument: invalid tag: " + f)
		}
		if k == "endpoint" {
			p.Endpoint = v
			continue
		}
		p.Tags[k] = v
	}
	return p, nil
}
