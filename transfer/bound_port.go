package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// boundPort is a port that the relay has bound. Who accepts on it can change while it
// stays bound: clients that come in between wait, and none is refused. Its methods are
// called by one goroutine at a time.
type boundPort struct {
	listener interruptible
	last     *turn // nil: nobody has accepted yet

	mu   sync.Mutex
	late []net.Conn // accepted when the turn in which they came was over
}

// interruptible is a listener whose Accept can be ended while it stays open, as those
// of package net can.
type interruptible interface {
	net.Listener
	SetDeadline(t time.Time) error
}

// newBoundPort returns the port of ln, which from now on belongs to it.
func newBoundPort(ln net.Listener) (*boundPort, error) {
	listener, ok := ln.(interruptible)
	if !ok {
		return nil, errors.Join(fmt.Errorf("cannot listen on %s: it is no TCP port", ln.Addr()), ln.Close())
	}
	return &boundPort{listener: listener}, nil
}

// Addr returns what the port is bound to.
func (p *boundPort) Addr() net.Addr { return p.listener.Addr() }

// turn returns a listener on the port, after the one before was closed.
func (p *boundPort) turn() net.Listener {
	if p.last != nil {
		<-p.last.ended
	}
	_ = p.listener.SetDeadline(time.Time{}) // fails only where Accept will
	p.last = &turn{port: p, over: make(chan struct{}), ended: make(chan struct{})}
	return p.last
}

// Close gives the port free. Whoever accepts meets net.ErrClosed.
func (p *boundPort) Close() error {
	err := p.listener.Close()
	for c := p.takeLate(); c != nil; c = p.takeLate() {
		_ = c.Close()
	}
	return err
}

func (p *boundPort) addLate(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.late = append(p.late, c)
}

// takeLate returns a connection that nobody serves yet, nil if there is none.
func (p *boundPort) takeLate() net.Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.late) == 0 {
		return nil
	}
	c := p.late[0]
	p.late = p.late[1:]
	return c
}

// turn is a listener on a bound port. Its Close leaves the port bound, for the next
// turn.
type turn struct {
	port  *boundPort
	once  sync.Once
	over  chan struct{} // closed: nothing more is to be accepted
	ended chan struct{} // closed: nothing more is accepted

	accepting sync.Mutex // held by Accept
}

// Accept implements net.Listener.
func (t *turn) Accept() (net.Conn, error) {
	t.accepting.Lock()
	defer t.accepting.Unlock()
	for !t.isOver() {
		if c := t.port.takeLate(); c != nil {
			return c, nil
		}
		c, err := t.port.listener.Accept()
		switch {
		case err == nil && t.isOver():
			t.port.addLate(c)
		case err == nil:
			return c, nil
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return nil, err
		}
	}
	return nil, net.ErrClosed
}

func (t *turn) isOver() bool {
	select {
	case <-t.over:
		return true
	default:
		return false
	}
}

// Close ends the turn; the Accept under way has ended when it returns.
func (t *turn) Close() error {
	t.once.Do(func() {
		close(t.over)
		_ = t.port.listener.SetDeadline(time.Unix(1, 0)) // fails only where Accept does
		t.accepting.Lock()
		t.accepting.Unlock() //nolint:staticcheck // Accept has ended, that is all
		close(t.ended)
	})
	return nil
}

// Addr implements net.Listener.
func (t *turn) Addr() net.Addr { return t.port.Addr() }
