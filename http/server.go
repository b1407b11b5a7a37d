// Package http is the admin server: the endpoints that the original transfer had,
// metrics, ledger, health and the status page. docs/admin.md lists them all.
package http

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	nethttp "net/http"
	"sync"

	"transfer/g"
	"transfer/g/guard"
	"transfer/g/stat"
)

// maxHeaderBytes is the size of a request's header from which on it is refused.
const maxHeaderBytes = 64 << 10

// Server is the admin server. It owns the goroutine that accepts connections and
// the one that samples the counters for their rates.
type Server struct {
	relay   Relay
	log     *slog.Logger
	rates   *sampler
	debug   bool
	workDir string

	listener net.Listener
	server   *nethttp.Server
	stop     chan struct{} // closed by the first Stop
	stopOnce sync.Once
	running  sync.WaitGroup
	life     guard.Life
}

// New returns a Server over listener, which is bound and limits its connections
// already and from now on belongs to the Server. push takes the points that are
// sent to /api/push. With debug, pprof is served to loopback.
func New(listener net.Listener, section g.Listener, debug bool, relay Relay, push nethttp.Handler, log *slog.Logger) *Server {
	s := &Server{
		relay:    relay,
		log:      log,
		rates:    newSampler(relay),
		debug:    debug,
		workDir:  workDir(),
		listener: listener,
		stop:     make(chan struct{}),
	}
	s.server = &nethttp.Server{
		Handler:           s.routes(push),
		ReadHeaderTimeout: section.HeaderTimeout,
		ReadTimeout:       section.RequestTimeout,
		WriteTimeout:      2 * section.RequestTimeout, // its clock runs while the body is read, too
		IdleTimeout:       section.IdleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	return s
}

// listenerName is the server's among the listeners.
const listenerName = "http"

// Unit returns what is shown of the server as a part of the relay.
func (s *Server) Unit() stat.Unit {
	u := stat.Unit{ID: stat.ListenerID(listenerName), Kind: stat.KindListener, Address: s.listener.Addr().String()}
	s.life.Fill(&u)
	return u
}

// Start begins to answer. It may be called once.
func (s *Server) Start() {
	s.running.Go(func() { s.life.Run(s.log, stat.ListenerID(listenerName), s.stop, s.serve) })
	s.running.Go(func() {
		s.life.RunBeside(s.log, stat.ListenerID(listenerName), s.stop, func() { s.rates.run(s.stop) })
	})
}

// serve answers until the listener is closed, by Stop or before it.
func (s *Server) serve() {
	err := s.server.Serve(keptListener{s.listener, s.stop})
	if errors.Is(err, nethttp.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return
	}
	s.life.Ended(err)
	s.log.Error("admin server ended: restart the relay to have it back", "error", err)
}

// keptListener stays bound until stop is closed: a server that panics closes what it
// listens on, and is to find it again.
type keptListener struct {
	net.Listener
	stop <-chan struct{}
}

// Close closes the listener if the server is to end.
func (l keptListener) Close() error {
	select {
	case <-l.stop:
		return l.Listener.Close()
	default:
		return nil
	}
}

// Stop takes no more connections, lets the requests in flight be answered until
// ctx ends, cuts off the rest and joins the Server's goroutines. A Server that was
// never started only closes its listener.
func (s *Server) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() { close(s.stop) })
	s.life.Become(stat.UnitDraining)
	defer s.life.Become(stat.UnitStopped)
	err := s.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("cannot finish all admin requests in time: %w", err), s.server.Close())
	}
	if e := s.listener.Close(); e != nil && !errors.Is(e, net.ErrClosed) {
		err = errors.Join(err, fmt.Errorf("cannot close the admin listener: %w", e))
	}
	s.running.Wait()
	return err
}
