package sender

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"transfer/sender/queue"
)

// httpCall says how a backend is called over HTTP.
type httpCall struct {
	path   string // and query, to go behind the address
	header http.Header
	// body makes a new body of a Block's payload. It is no part of the Block: after
	// an early reply net/http may go on reading it.
	body func(payload []byte) []byte
	// reject returns how many of a refused call's points are lost while the others
	// were taken, or 0 for a call refused as a whole. Nil: always 0.
	reject func(status int, text string) int
}

// httpConn is a connection to an HTTP server with one call at a time. net/http
// knows no half of a call, so the whole of it happens in Confirm.
type httpConn struct {
	httpCall
	url       string
	socket    *httpSocket
	transport *http.Transport
	timeout   time.Duration
	block     *queue.Block
}

// httpSocket is the one TCP connection of an httpConn. It remembers that it was
// closed, be it by the transport, which notices when the server goes away.
type httpSocket struct {
	*tcp
	taken, closed atomic.Bool
}

// Close closes the connection and ends a call under way.
func (s *httpSocket) Close() error {
	s.closed.Store(true)
	return s.tcp.Close()
}

// dialHTTP connects to address, a URL without query, for calls as call says.
func dialHTTP(ctx context.Context, d dialer, address string, call httpCall) (Conn, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("cannot connect to %s: %w", address, err)
	}
	port := u.Port()
	if port == "" {
		port = u.Scheme // net.Dial knows http and https as names of ports
	}
	c, err := d.dial(ctx, net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return nil, err
	}
	socket := &httpSocket{tcp: c}
	return &httpConn{
		httpCall: call,
		url:      address + call.path,
		socket:   socket,
		timeout:  d.callTimeout,
		transport: &http.Transport{
			DialContext:            socket.take,
			TLSHandshakeTimeout:    d.connTimeout,
			DisableCompression:     true,
			MaxConnsPerHost:        1,
			MaxResponseHeaderBytes: maxReply,
			WriteBufferSize:        64 << 10,
			Protocols:              onlyHTTP1(),
		},
	}, nil
}

func onlyHTTP1() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	return p
}

// take gives the connection to the transport, once: another one is the sender's to
// dial.
func (s *httpSocket) take(context.Context, string, string) (net.Conn, error) {
	if s.taken.Swap(true) {
		return nil, errors.New("the server has closed the connection")
	}
	return s, nil
}

// Send keeps the Block for Confirm.
func (c *httpConn) Send(b *queue.Block) error {
	c.block = b
	return nil
}

// Confirm sends the Block kept by Send and waits for the reply.
func (c *httpConn) Confirm() (Receipt, error) {
	if c.block == nil {
		return Receipt{}, errors.New("cannot confirm what was not sent")
	}
	b := c.block
	c.block = nil
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	request, err := c.request(ctx, b)
	if err != nil {
		return Receipt{}, c.socket.failed("call", err)
	}
	reply, err := c.transport.RoundTrip(request)
	if err != nil {
		return Receipt{}, c.socket.failed("call", err)
	}
	// What follows maxReply goes unread: the transport then closes the connection.
	text, readErr := io.ReadAll(io.LimitReader(reply.Body, maxReply))
	closeErr := reply.Body.Close()
	if reply.StatusCode/100 == 2 {
		return Receipt{Blocks: 1}, nil // whatever became of the rest of the reply
	}
	if err := errors.Join(readErr, closeErr); err != nil {
		return Receipt{}, c.socket.failed("read the reply of", err)
	}
	return c.refused(b, reply.StatusCode, string(text))
}

// request is the call with the Block's items. Its body lies in memory, which lets
// net/http write header and body at once.
func (c *httpConn) request(ctx context.Context, b *queue.Block) (*http.Request, error) {
	body := bytes.NewReader(c.body(b.Payload))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, body)
	if err != nil {
		return nil, err
	}
	request.Header = c.header
	return request, nil
}

// refused makes of a reply other than 2xx what it means for the Block. Only a few
// speak of the points; all others, such as 401 or 404, of what an operator can
// mend.
func (c *httpConn) refused(b *queue.Block, status int, text string) (Receipt, error) {
	if c.reject != nil {
		if n := c.reject(status, text); n > 0 {
			return Receipt{Blocks: 1, Rejected: min(n, b.Len()), Complaint: shorten(text)}, nil
		}
	}
	permanent := false
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		permanent = true
	}
	err := fmt.Errorf("%d %s: %s", status, http.StatusText(status), shorten(text))
	return Receipt{}, &Refusal{Permanent: permanent, Err: err}
}

// Check makes sure that the server has not closed the connection. The transport
// reads from it all the time and closes it when the server does, or talks out of
// turn.
func (c *httpConn) Check() error {
	var buf [1]byte
	_, err := c.socket.peek(buf[:])
	if c.socket.closed.Load() {
		err = errors.New("the server has closed it")
	}
	if err != nil {
		return c.socket.failed("go on using the connection to", err)
	}
	return nil
}

// Close closes the connection and ends a call under way.
func (c *httpConn) Close() error {
	err := c.socket.Close()
	c.transport.CloseIdleConnections()
	return err
}
