package sender

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"transfer/sender/queue"
)

// httpCall says how a backend is called over HTTP.
type httpCall struct {
	path   string // and query, to go behind the address
	header http.Header
	array  bool // the items, each with a comma behind it, go as a JSON array
	// reject returns how many of a refused call's points are lost while the others
	// were taken, or 0 for a call refused as a whole. Nil: always 0.
	reject func(status int, text string) int
}

// httpConn is a connection to an HTTP/1.1 server with one call at a time. It writes
// and reads by itself what net/http has a Transport with two goroutines for, which
// took three times as long.
type httpConn struct {
	*tcp
	httpCall
	request *http.Request // what all calls have in common
	begin   []byte        // of a request: what comes before the body's length
	end     []byte        // and behind it, up to the body
	head    []byte
	from    *boundedReader
	replies *bufio.Reader

	block  *queue.Block // of the call under way
	unsent error        // why the server has not got all of it
	over   bool         // the server takes no other call
}

// dialHTTP connects to address, a URL without query, for calls as call says.
func dialHTTP(ctx context.Context, d dialer, address string, call httpCall) (Conn, error) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, address+call.path, nil)
	if err != nil {
		return nil, fmt.Errorf("cannot connect to %s: %w", address, err)
	}
	request.Header = call.header
	host, port := request.URL.Hostname(), request.URL.Port()
	if port == "" {
		port = request.URL.Scheme // net.Dial knows http and https as names of ports
	}
	c, err := d.dial(ctx, net.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	if request.URL.Scheme == "https" {
		err = c.encrypt(ctx, d, host)
	}
	h := &httpConn{tcp: c, httpCall: call, request: request}
	h.from = &boundedReader{from: c.stream}
	h.replies = bufio.NewReader(h.from)
	if err = errors.Join(err, h.learn()); err != nil {
		_ = c.Close() // the first error counts
		return nil, fmt.Errorf("cannot connect to %s: %w", c.address, err)
	}
	return h, nil
}

// learn takes the head of a request from net/http, which writes one with a body of a
// byte.
func (c *httpConn) learn() error {
	const length = "Content-Length: "
	sample := c.request.Clone(context.Background())
	sample.Body, sample.ContentLength = io.NopCloser(bytes.NewReader([]byte{0})), 1
	var text bytes.Buffer
	if err := sample.Write(&text); err != nil {
		return err
	}
	begin, end, found := bytes.Cut(text.Bytes()[:text.Len()-1], []byte(length+"1\r\n"))
	if !found {
		return errors.New("net/http gives no length of a request")
	}
	c.begin = append(bytes.Clone(begin), length...)
	c.end = append([]byte("\r\n"), end...)
	return nil
}

// Send writes the Block as one request. What hinders the server from taking all of it
// is for Confirm to say: it may have refused the call after a part.
func (c *httpConn) Send(b *queue.Block) error {
	c.block = b
	if c.over {
		return nil
	}
	items, open, shut := b.Payload, "", ""
	if c.array {
		items, open, shut = jsonList(items), "[", "]"
	}
	c.head = append(c.head[:0], c.begin...)
	c.head = strconv.AppendInt(c.head, int64(len(open)+len(items)+len(shut)), 10)
	c.head = append(append(c.head, c.end...), open...)
	c.unsent = c.call(c.head, items, []byte(shut))
	return nil
}

// Confirm waits for the reply to the call under way.
func (c *httpConn) Confirm() (Receipt, error) {
	if c.block == nil {
		return Receipt{}, errors.New("cannot confirm what was not sent")
	}
	b := c.block
	c.block = nil
	if c.over {
		return Receipt{}, c.failed("call", errClosed())
	}
	if c.unsent != nil {
		c.lastWords()
	}
	status, text, err := c.readReply()
	switch {
	case c.unsent != nil && (err != nil || status/100 == 2):
		return Receipt{}, c.unsent
	case err != nil:
		return Receipt{}, c.failed("read the reply of", err)
	case status/100 == 2:
		return Receipt{Blocks: 1}, nil
	}
	return c.refused(b, status, text)
}

// lastWords gives what the server said before it took no more a moment to be read,
// though the time for the call may be over.
func (c *httpConn) lastWords() {
	const moment = 100 * time.Millisecond
	_ = c.SetReadDeadline(time.Now().Add(moment)) // if not, nothing is read
}

// errClosed is the error for a server that has said that it takes no other call.
func errClosed() error { return errors.New("the server has closed the connection") }

// readReply reads a reply with up to maxReply bytes of its body, and notes whether
// another call may follow.
func (c *httpConn) readReply() (status int, text string, err error) {
	c.from.left = 2 * maxReply // head and body
	reply, err := c.readHead()
	if err != nil {
		c.over = true
		return 0, "", err
	}
	body, err := io.ReadAll(io.LimitReader(reply.Body, maxReply))
	c.over = reply.Close || err != nil || len(body) == maxReply || c.unsent != nil
	if reply.StatusCode/100 == 2 {
		err = nil // whatever became of the rest of the reply
	}
	return reply.StatusCode, string(body), err
}

// readHead reads up to the final reply's body. Servers may first tell of their
// progress.
func (c *httpConn) readHead() (*http.Response, error) {
	for range 5 {
		reply, err := http.ReadResponse(c.replies, c.request)
		if err != nil {
			return nil, brief(err)
		}
		if reply.StatusCode/100 != 1 {
			return reply, nil
		}
	}
	return nil, errors.New("it does not come to the point")
}

// brief returns err, or no more than the begin of its text where net/http quotes all
// that it cannot read.
func brief(err error) error {
	if text := shorten(err.Error()); len(text) < len(err.Error()) {
		return errors.New(text)
	}
	return err
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

// Check makes sure that the server neither closed the connection nor talks out of
// turn.
func (c *httpConn) Check() error {
	if c.over {
		return c.failed("go on using the connection to", errClosed())
	}
	return c.checkQuiet(c.replies.Buffered())
}
