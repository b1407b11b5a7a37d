package bench

import (
	"errors"
	"net"
	"net/http"
	"sync"
)

// node is one listening address of a stand-in, with the goroutines that serve it.
type node struct {
	address string
	close   func() error // ends the listener and all connections, and waits for that
}

// serveTCP gives each connection of l to serve, until close.
func serveTCP(l net.Listener, serve func(net.Conn) error) *node {
	var (
		serving sync.WaitGroup
		mu      sync.Mutex
		conns   []net.Conn
		closed  bool
	)
	accept := func(c net.Conn) {
		mu.Lock()
		defer mu.Unlock()
		if closed {
			_ = c.Close()
			return
		}
		conns = append(conns, c)
		serving.Go(func() {
			_ = serve(c) // what a lost connection costs shows as points that are not delivered
			_ = c.Close()
		})
	}
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accept(c)
		}
	})
	end := func() error {
		err := l.Close()
		mu.Lock()
		closed = true
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		serving.Wait()
		return err
	}
	return &node{address: l.Addr().String(), close: end}
}

// serveHTTP serves h on l until close.
func serveHTTP(l net.Listener, h http.Handler) *node {
	server := &http.Server{Handler: h}
	var serving sync.WaitGroup
	var failed error
	serving.Go(func() { failed = server.Serve(l) })
	end := func() error {
		err := server.Close()
		serving.Wait()
		if !errors.Is(failed, http.ErrServerClosed) {
			err = errors.Join(err, failed)
		}
		return err
	}
	return &node{address: l.Addr().String(), close: end}
}
