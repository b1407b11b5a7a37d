package receiver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"transfer/g"
	"transfer/g/guard"
	"transfer/g/stat"
)

// Server is one receiver on a TCP port. It owns the goroutine that accepts
// connections and one for each connection.
type Server struct {
	listener *limitListener
	protocol protocol
	serve    atomic.Pointer[serving]
	counts   *stat.Receiver
	log      *slog.Logger
	conns    conns
	running  sync.WaitGroup
	life     guard.Life
	stop     chan struct{} // closed by the first Stop
	stopOnce sync.Once
}

// serving serves a connection until it is of no more use.
type serving func(*conn) error

// protocol returns how the connections are served that come under these limits.
type protocol func(limits g.Limits) serving

// newServer returns a Server over ln, which is bound and from now on belongs to it.
func newServer(ln net.Listener, limits g.Limits, protocol protocol, counts *stat.Receiver, log *slog.Logger) *Server {
	s := &Server{
		listener: newLimitListener(ln, limits, counts, log),
		protocol: protocol,
		counts:   counts,
		log:      log.With("receiver", counts.Name),
		conns:    conns{open: make(map[*conn]struct{})},
		stop:     make(chan struct{}),
	}
	s.SetLimits(limits)
	return s
}

// SetLimits makes these the limits from now on. Connections that are open keep the
// limits of their requests and times, and stay open where there are more than the new
// limits allow. Any goroutine may call it.
func (s *Server) SetLimits(limits g.Limits) {
	s.listener.setLimits(limits)
	serve := s.protocol(limits)
	s.serve.Store(&serve)
}

// Addr returns the address that the server is bound to.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Unit returns what is shown of the server as a part of the relay.
func (s *Server) Unit() stat.Unit {
	u := stat.Unit{ID: s.id(), Kind: stat.KindListener, Address: s.Addr().String()}
	s.life.Fill(&u)
	return u
}

func (s *Server) id() string { return stat.ListenerID(s.counts.Name) }

// Start begins to accept connections and to read. It may be called once.
func (s *Server) Start() {
	s.running.Go(func() { s.life.Run(s.log, s.id(), s.stop, s.accept) })
}

// accept serves each connection that comes, until the listener is closed.
func (s *Server) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return // closed, by Stop
		}
		s.running.Go(func() { s.handle(c) })
	}
}

// handle serves one connection and closes it, unless it was passed on. A panic costs that connection only.
func (s *Server) handle(raw net.Conn) {
	c := newConn(raw)
	defer c.finish()
	defer func() {
		if fault := recover(); fault != nil {
			s.counts.Trouble(stat.Panicked)
			s.log.Error("connection given up: please report this", "client", raw.RemoteAddr(), "panic", fault, "stack", string(debug.Stack()))
		}
	}()
	if !s.conns.add(c) {
		return
	}
	defer s.conns.remove(c)
	if err := (*s.serve.Load())(c); err != nil {
		countRefusal(s.counts, err)
		s.log.Debug("connection closed", "client", c.RemoteAddr(), "error", err)
	}
}

// Stop closes the port and the idle connections, lets the requests that were read
// be answered until ctx ends, cuts off the rest, and returns when nothing of the
// server is running. It may be called more than once, and without Start.
func (s *Server) Stop(ctx context.Context) error {
	s.life.Become(stat.UnitDraining)
	defer s.life.Become(stat.UnitStopped)
	err := s.shut()
	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return err
	case <-ctx.Done():
	}
	n := s.conns.close()
	<-done
	return errors.Join(err, fmt.Errorf("cannot finish %d connections of %s in time: %w", n, s.counts.Name, ctx.Err()))
}

// shut closes the port and the idle connections.
func (s *Server) shut() error {
	s.stopOnce.Do(func() { close(s.stop) })
	err := s.listener.Close()
	s.conns.interrupt()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
