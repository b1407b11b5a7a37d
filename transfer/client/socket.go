package client

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// socketPusher pushes by update lines. The relay answers nothing: what a line
// was worth shows only in its counters.
type socketPusher struct {
	conn    *net.TCPConn
	timeout time.Duration
	lines   []byte
}

func dialSocket(address string, timeout time.Duration) (*socketPusher, error) {
	conn, err := net.DialTimeout("tcp", address, timeout)
	if err != nil {
		return nil, err
	}
	return &socketPusher{conn: conn.(*net.TCPConn), timeout: timeout}, nil
}

// Push writes a line for each point. Those that no line can express, such as one
// with a space in its name, are counted as invalid and not sent.
func (s *socketPusher) Push(points []*Point) (Reply, error) {
	reply := Reply{Message: "sent", Total: len(points)}
	s.lines = s.lines[:0]
	for _, p := range points {
		var ok bool
		if s.lines, ok = appendLine(s.lines, p); !ok {
			reply.Invalid++
		}
	}
	if err := s.conn.SetDeadline(time.Now().Add(s.timeout)); err != nil {
		return Reply{}, err
	}
	if _, err := s.conn.Write(s.lines); err != nil {
		return Reply{}, err
	}
	return reply, nil
}

// Close says quit and waits until the relay has read it.
func (s *socketPusher) Close() error {
	defer func() { _ = s.conn.Close() }()
	if err := s.conn.SetDeadline(time.Now().Add(s.timeout)); err != nil {
		return err
	}
	_, err := io.WriteString(s.conn, "quit\n")
	if err == nil {
		_, err = s.conn.Read(make([]byte, 1))
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("cannot tell whether the relay read all lines: %w", err)
	}
	return nil
}
