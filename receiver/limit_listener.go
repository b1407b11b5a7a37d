package receiver

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"golang.org/x/time/rate"

	"transfer/g"
	"transfer/g/stat"
)

// The pauses after a failed accept, doubling: a system out of descriptors is not
// helped by a relay that spins.
const (
	firstAcceptPause = 5 * time.Millisecond
	lastAcceptPause  = time.Second
)

// newLimitListener returns ln with the limits of connections, of all together and of
// one address; a limit of 0 is none. Connections over a limit are closed and
// counted, the others are counted as open until their Close. Accept fails only
// when the listener was closed; what it waits out is logged.
func newLimitListener(ln net.Listener, limits g.Limits, counts *stat.Receiver, log *slog.Logger) *limitListener {
	return &limitListener{
		Listener: ln,
		limits:   limits,
		counts:   counts,
		log:      log.With("receiver", counts.Name),
		told:     rate.Sometimes{Interval: 10 * time.Second},
		closed:   make(chan struct{}),
		open:     make(map[netip.Addr]int),
	}
}

type limitListener struct {
	net.Listener
	counts *stat.Receiver
	log    *slog.Logger
	told   rate.Sometimes // how often failures are logged

	closeOnce sync.Once
	closed    chan struct{}

	mu     sync.Mutex
	limits g.Limits
	open   map[netip.Addr]int // connections by client
	sum    int                // of them all
}

// setLimits makes these the limits from now on; no connection is closed for them.
func (l *limitListener) setLimits(limits g.Limits) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limits = limits
}

// Accept waits for the next connection within the limits. Go's listeners have TCP
// keepalive on.
func (l *limitListener) Accept() (net.Conn, error) {
	for pause := firstAcceptPause; ; {
		c, err := l.Listener.Accept()
		switch {
		case err == nil:
			pause = firstAcceptPause
			if from := clientAddr(c); l.admit(from) {
				return &limitedConn{Conn: c, listener: l, from: from}, nil
			}
			l.counts.Trouble(stat.TooManyClients)
			_ = c.Close()
		case errors.Is(err, net.ErrClosed):
			return nil, err
		default:
			l.counts.Trouble(stat.AcceptFailed)
			l.told.Do(func() {
				l.log.Error("connections cannot be accepted: if descriptors ran out, raise the limit of open files or lower that of connections", "error", err)
			})
			l.wait(pause)
			pause = min(2*pause, lastAcceptPause)
		}
	}
}

// wait waits for a time, or until the listener is closed.
func (l *limitListener) wait(pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.closed:
	}
}

// Close closes the listener; connections stay open.
func (l *limitListener) Close() error {
	l.closeOnce.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

func (l *limitListener) admit(from netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if reached(l.sum, l.limits.Connections) || reached(l.open[from], l.limits.ConnectionsPerIP) {
		return false
	}
	l.sum++
	l.open[from]++
	l.counts.Open.Add(1)
	return true
}

func reached(n, limit int) bool { return limit > 0 && n >= limit }

func (l *limitListener) dismiss(from netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sum--
	if l.open[from]--; l.open[from] == 0 {
		delete(l.open, from)
	}
	l.counts.Open.Add(-1)
}

// limitedConn counts as open until it is closed.
type limitedConn struct {
	net.Conn
	listener *limitListener
	from     netip.Addr
	once     sync.Once
}

// Close closes the connection and makes room for another one.
func (c *limitedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { c.listener.dismiss(c.from) })
	return err
}

// SyscallConn gives access to the connection's descriptor, if it has one.
func (c *limitedConn) SyscallConn() (syscall.RawConn, error) {
	if s, ok := c.Conn.(syscall.Conn); ok {
		return s.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

// clientAddr returns the client's address, the zero one where it has none.
func clientAddr(c net.Conn) netip.Addr {
	if tcp, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}
