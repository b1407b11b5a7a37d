package sink

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// door is a listening address and the connections that came in by it.
type door struct {
	addr     string
	gate     *gate
	listener *net.TCPListener
	accepted atomic.Uint64

	mu    sync.Mutex
	conns map[*conn]struct{}
}

func openDoor(addr string, g *gate) (*door, error) {
	l, err := listenBound(addr)
	if err != nil {
		return nil, err
	}
	return &door{addr: l.Addr().String(), gate: g, listener: l, conns: make(map[*conn]struct{})}, nil
}

// bindTries is how many free ports are tried, should others snatch them.
const bindTries = 5

// listenBound listens on addr by a port that the socket keeps when it stops
// listening. Linux lets go of a port that it chose itself, so a free one is found
// first and then asked for by number.
func listenBound(addr string) (l *net.TCPListener, err error) {
	for range bindTries {
		var found net.Listener
		if found, err = net.Listen("tcp", addr); err != nil {
			return nil, err
		}
		at := found.Addr().(*net.TCPAddr)
		_ = found.Close()
		if l, err = net.ListenTCP("tcp", at); err == nil {
			return l, nil
		}
	}
	return nil, err
}

// acceptPause is how long the accept loop waits after an error, such as too many
// open files.
const acceptPause = 10 * time.Millisecond

// accept calls serve, which must not block, for each connection until the door
// is closed.
func (d *door) accept(serve func(net.Conn)) {
	for {
		c, err := d.listener.Accept()
		s := d.gate.load()
		switch {
		case s.closed:
			if err == nil {
				_ = c.Close()
			}
			return
		case err == nil:
			if tracked := d.track(c); tracked != nil {
				serve(tracked)
			}
		case s.Mode == Refuse:
			<-s.over
		default:
			time.Sleep(acceptPause)
		}
	}
}

// track adds a connection, or closes it and returns nil where nothing listens
// any more.
func (d *door) track(c net.Conn) *conn {
	d.accepted.Add(1)
	tracked := &conn{Conn: c, door: d}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gate.load().dead() {
		_ = c.Close()
		return nil
	}
	d.conns[tracked] = struct{}{}
	return tracked
}

// open returns the number of open connections.
func (d *door) open() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.conns)
}

// shut stops listening and closes every connection. The socket stays bound, and
// without SO_REUSEADDR nobody else can bind the port in the meantime.
func (d *door) shut() error {
	err := d.control(func(fd int) error {
		return errors.Join(
			unix.Shutdown(fd, unix.SHUT_RD),
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 0))
	})
	d.hangUp()
	if err != nil {
		return fmt.Errorf("cannot stop listening on %s: %w", d.addr, err)
	}
	return nil
}

// reopen listens again after shut.
func (d *door) reopen() error {
	err := d.control(func(fd int) error {
		return errors.Join(
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
			unix.Listen(fd, unix.SOMAXCONN))
	})
	if err != nil {
		return fmt.Errorf("cannot listen on %s again: %w", d.addr, err)
	}
	return nil
}

func (d *door) close() {
	_ = d.listener.Close()
	d.hangUp()
}

func (d *door) hangUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for c := range d.conns {
		_ = c.Conn.Close()
	}
}

// control runs f on the listening socket.
func (d *door) control(f func(fd int) error) error {
	raw, err := d.listener.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = f(int(fd)) }); err != nil {
		return err
	}
	return failed
}
