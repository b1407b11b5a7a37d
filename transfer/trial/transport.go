package trial

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long a client waits for an answer.
type patience time.Duration

const (
	// stuck is that of a client with one relay: whoever takes longer is stuck,
	// whatever the fault.
	stuck = patience(30 * time.Second)
	// elsewhere is that of a client that has another relay to go to.
	elsewhere = patience(3 * time.Second)
)

// over says what it means that no answer came in time.
func (p patience) over() (Outcome, error) {
	if p == elsewhere {
		return Broken, nil
	}
	return Broken, fmt.Errorf("no answer within %s", time.Duration(p))
}

// connection is what the transports over TCP share.
type connection struct {
	address  func() string // asked for each dial: a relay that starts again has another
	patience patience
	conn     net.Conn
	in       *bufio.Reader
	dials    int
}

// deadline returns until when what begins now may take.
func (c *connection) deadline() time.Time { return time.Now().Add(time.Duration(c.patience)) }

// Breaks is what Transport says: whoever dials again has been cut off.
func (c *connection) Breaks() int { return max(0, c.dials-1) }

// open dials if need be, and reports whether there is a connection.
func (c *connection) open() bool {
	if c.conn != nil {
		return true
	}
	c.dials++
	conn, err := net.DialTimeout("tcp", c.address(), time.Second)
	if err != nil {
		return false
	}
	c.conn, c.in = conn, bufio.NewReader(conn)
	return true
}

// Close ends the connection, if there is one.
func (c *connection) Close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// rpcTransport sends Transfer.Update over the JSON codec of net/rpc.
type rpcTransport struct{ connection }

// NewRPC returns the way by JSON-RPC to the address, which is asked for each dial.
func NewRPC(address func() string) Transport {
	return &rpcTransport{connection{address: address, patience: stuck}}
}

func (r *rpcTransport) Send(points []Point, round int) (Outcome, error) {
	if !r.open() {
		return Nobody, nil
	}
	request := appendJSON([]byte(`{"method":"Transfer.Update","params":[`), points)
	request = append(request, `],"id":`...)
	request = append(strconv.AppendInt(request, int64(round), 10), '}')
	_ = r.conn.SetDeadline(r.deadline())
	answer, err := "", error(nil)
	if _, err = r.conn.Write(request); err == nil {
		answer, err = r.in.ReadString('\n')
	}
	var late net.Error
	switch {
	case errors.As(err, &late) && late.Timeout():
		r.Close()
		return r.patience.over()
	case err != nil:
		r.Close()
		return Broken, nil
	}
	var reply struct {
		ID     int
		Result *struct{ Total, Invalid int }
		Error  *string
	}
	if err := json.Unmarshal([]byte(answer), &reply); err != nil {
		return Broken, fmt.Errorf("answer %q: %w", answer, err)
	}
	switch {
	case reply.ID != round:
	case reply.Error != nil && strings.HasPrefix(*reply.Error, "retry: "):
		return Refused, nil
	case reply.Error == nil && reply.Result != nil && reply.Result.Total == len(points) && reply.Result.Invalid == 0:
		return Taken, nil
	}
	return Broken, fmt.Errorf("answer %q to round %d of %d points", answer, round, len(points))
}

// httpTransport posts to /api/push.
type httpTransport struct {
	address  func() string
	patience patience
	client   http.Client
	breaks   atomic.Int64
}

// httpConn is a connection of an httpTransport, which may have more than one for a moment.
type httpConn struct {
	net.Conn
	breaks *atomic.Int64
	once   sync.Once // for the first that ends it: who reads, or who closes
}

// Read reads, and notes the end if the relay has made it.
func (c *httpConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err != nil {
		c.once.Do(func() { c.breaks.Add(1) })
	}
	return n, err
}

// Close closes the connection.
func (c *httpConn) Close() error {
	c.once.Do(func() {})
	return c.Conn.Close()
}

func newHTTPTransport(address func() string, p patience) *httpTransport {
	h := &httpTransport{address: address, patience: p}
	dial := func(ctx context.Context, network, to string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, to)
		if err != nil {
			return nil, err
		}
		return &httpConn{Conn: conn, breaks: &h.breaks}, nil
	}
	h.client = http.Client{Timeout: time.Duration(p), Transport: &http.Transport{MaxIdleConnsPerHost: 1, DialContext: dial}}
	return h
}

// Breaks is what Transport says.
func (h *httpTransport) Breaks() int { return int(h.breaks.Load()) }

func (h *httpTransport) Send(points []Point, _ int) (Outcome, error) {
	resp, err := h.client.Post("http://"+h.address()+"/api/push", "application/json", bytes.NewReader(appendJSON(nil, points)))
	var op *net.OpError
	var late net.Error
	switch {
	case errors.As(err, &op) && op.Op == "dial":
		return Nobody, nil
	case errors.As(err, &late) && late.Timeout():
		return h.patience.over()
	case err != nil:
		return Broken, nil
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	want := fmt.Sprintf(`{"msg":"success","data":{"Message":"ok","Total":%d,"Invalid":0,`, len(points))
	switch {
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusServiceUnavailable:
		return Refused, nil
	case err != nil:
		return Broken, nil
	case resp.StatusCode == http.StatusOK && strings.HasPrefix(string(body), want):
		return Taken, nil
	}
	return Broken, fmt.Errorf("answer %s %q", resp.Status, body)
}

func (h *httpTransport) Close() { h.client.CloseIdleConnections() }

// lineTransport writes lines to the socket, where nothing is acknowledged.
type lineTransport struct{ connection }

func (l *lineTransport) Send(points []Point, _ int) (Outcome, error) {
	if !l.open() {
		return Nobody, nil
	}
	var lines []byte
	for _, p := range points {
		lines = fmt.Appendf(lines, "update %s %s/%s %d %d GAUGE %d\n", p.Endpoint, p.Metric, tags, p.Timestamp, p.Value, step)
	}
	_ = l.conn.SetDeadline(l.deadline())
	if _, err := l.conn.Write(lines); err != nil {
		l.Close()
		return Broken, nil
	}
	return Written, nil
}
