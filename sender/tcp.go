package sender

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"transfer/g"
)

// trustedIdle is how long after its last call a connection is used without a look
// whether the peer has closed it, for which the kernel is asked. Peers that close idle
// connections wait longer.
const trustedIdle = time.Second

// dialer connects to a backend's addresses and carries the section's times.
type dialer struct {
	connTimeout time.Duration  // to resolve the name and connect; as much again for TLS
	callTimeout time.Duration  // from a call's first byte to the end of its reply; up to an eighth more passes
	roots       *x509.CertPool // whom to trust over TLS; nil: whom the system trusts
}

func newDialer(section *g.Backend) dialer {
	return dialer{connTimeout: section.ConnTimeout, callTimeout: section.CallTimeout}
}

// dial connects to address. A host name is resolved each time, so that a backend
// may move. Keepalive probes end a connection whose peer vanished while idle.
func (d dialer) dial(ctx context.Context, address string) (*tcp, error) {
	nd := net.Dialer{
		Timeout:         d.connTimeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 15 * time.Second, Count: 3},
	}
	c, err := nd.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot connect to %s: %w", address, err)
	}
	conn := c.(*net.TCPConn)
	raw, err := conn.SyscallConn()
	if err != nil {
		_ = conn.Close() // the first error counts
		return nil, fmt.Errorf("cannot use the connection to %s: %w", address, err)
	}
	return &tcp{TCPConn: conn, stream: conn, raw: raw, address: address, callTimeout: d.callTimeout}, nil
}

// encrypt goes over to TLS with the peer, whose certificate must be for host.
func (c *tcp) encrypt(ctx context.Context, d dialer, host string) error {
	ctx, cancel := context.WithTimeout(ctx, d.connTimeout)
	defer cancel()
	encrypted := tls.Client(c.TCPConn, &tls.Config{ServerName: host, RootCAs: d.roots, NextProtos: []string{"http/1.1"}})
	c.stream, c.joined = encrypted, true
	return encrypted.HandshakeContext(ctx)
}

// tcp is a connection to a backend: what every Conn over TCP has in common.
type tcp struct {
	*net.TCPConn
	stream      io.ReadWriter // the connection, or TLS over it
	joined      bool          // stream writes one buffer at a time
	raw         syscall.RawConn
	address     string // as configured
	callTimeout time.Duration
	used        time.Time   // when a call last began
	deadline    time.Time   // of reads and writes
	parts       [3][]byte   // backs what call writes
	buffers     net.Buffers // a slice of parts, used up by each write
}

// startTimeout gives what is done from now on callTimeout, and up to an eighth more:
// to set the deadline anew for each call would take more time than to read its reply.
func (c *tcp) startTimeout() error {
	c.used = time.Now()
	if c.deadline.Sub(c.used) >= c.callTimeout {
		return nil
	}
	c.deadline = c.used.Add(c.callTimeout + c.callTimeout/8)
	return c.SetDeadline(c.deadline)
}

// call begins a call: the time for it starts, and up to three parts of the
// request go out in one write.
func (c *tcp) call(head, payload, tail []byte) error {
	if err := c.startTimeout(); err != nil {
		return c.failed("write to", err)
	}
	if err := c.write(head, payload, tail); err != nil {
		return c.failed("write to", err)
	}
	return nil
}

func (c *tcp) write(head, payload, tail []byte) error {
	if c.joined {
		_, err := c.stream.Write(slices.Concat(head, payload, tail))
		return err
	}
	c.parts = [3][]byte{head, payload, tail}
	c.buffers = c.parts[:]
	_, err := c.buffers.WriteTo(c.TCPConn)
	c.parts = [3][]byte{}
	return err
}

// failed says what could not be done with the peer.
func (c *tcp) failed(do string, err error) error {
	if isTimeout(err) {
		return fmt.Errorf("cannot %s %s within callTimeout (%s): %w", do, c.address, c.callTimeout, err)
	}
	return fmt.Errorf("cannot %s %s: %w", do, c.address, err)
}

// isTimeout reports whether err says that the peer took too long.
func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// isIdle reports whether the connection was not used for so long that the peer may
// have closed it.
func (c *tcp) isIdle() bool { return time.Since(c.used) > trustedIdle }

// checkQuiet returns an error when the peer has sent anything: bytes that were read
// and not asked for, or, which is looked at only when the connection is idle, bytes
// that were not read yet, or the end.
func (c *tcp) checkQuiet(unread int) (err error) {
	if c.isIdle() {
		var buf [1]byte
		var n int
		n, err = c.peek(buf[:])
		unread += n
	}
	if err == nil && unread > 0 {
		err = errors.New("it sent what nobody asked for")
	}
	if err != nil {
		return c.failed("go on using the connection to", err)
	}
	return nil
}

// peek reads what the peer has sent without waiting and without taking it, up to
// len(buf) bytes. A connection that the peer has closed gives io.EOF.
func (c *tcp) peek(buf []byte) (int, error) {
	return c.receive(buf, unix.MSG_PEEK)
}

// receive is peek, but with MSG_PEEK only if flags hold it.
func (c *tcp) receive(buf []byte, flags int) (n int, err error) {
	// Control, not Read: Read would give up at a deadline of a call long past.
	failed := c.raw.Control(func(fd uintptr) {
		for {
			n, _, err = unix.Recvfrom(int(fd), buf, flags|unix.MSG_DONTWAIT)
			if !errors.Is(err, unix.EINTR) {
				return
			}
		}
	})
	switch {
	case failed != nil:
		return 0, failed
	case errors.Is(err, unix.EAGAIN):
		return 0, nil
	case err != nil:
		return 0, err
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// unacknowledged returns how many of the bytes written the peer's TCP has not
// acknowledged.
func (c *tcp) unacknowledged() (n int, err error) {
	failed := c.raw.Control(func(fd uintptr) { n, err = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) })
	return n, errors.Join(failed, err)
}

// Close closes the connection and ends a call under way; a second Close does
// nothing.
func (c *tcp) Close() error {
	if err := c.TCPConn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
