// Package sender delivers points: it routes encoded points to the lanes of their
// targets and sends each lane's Blocks in order over one connection.
//
// A backend is one file that says which points it wants, how one is encoded and
// how Blocks travel on a connection. Queue, retry, order, counters and goroutines
// are written here once for all of them.
package sender

import (
	"context"
	"time"

	"transfer/g"
	"transfer/g/metric"
	"transfer/sender/queue"
)

// Backend is one kind of receiver of points.
type Backend interface {
	// Wants reports whether the points of p's series are meant for this backend. It
	// looks at nothing but the series: endpoint, metric, tags, type and step. It has
	// no side effects.
	Wants(p *metric.Point) bool
	// AppendSeries appends to dst what the items of p's series have in common, in
	// the backend's own form, and returns it. It looks at what Wants does and
	// at p.Tags, has no side effects and may be called from many goroutines. What it
	// appends is good for as long as the process runs.
	AppendSeries(dst []byte, p *metric.Point) []byte
	// AppendItem appends the point's wire bytes to dst and returns it. series is what
	// AppendSeries appended for a point of the same series, type and step; of p it
	// looks at value, timestamp, type and step only, and at the Sample, which says the
	// first two as text. It has no side effects and may be called from many goroutines.
	AppendItem(dst, series []byte, p *metric.Point) []byte
	// Dial connects to address, within the section's connTimeout.
	Dial(ctx context.Context, address string) (Conn, error)
}

// Conn carries the Blocks of one lane to one address. One goroutine uses it, but
// for Close, which any may call, more than once, and which ends a call under way.
type Conn interface {
	// Send writes the items of b as one request, in one write where the protocol
	// allows. b must not change until it is confirmed or the Conn is closed.
	Send(b *queue.Block) error
	// Confirm returns how many of the oldest unconfirmed Blocks the backend has
	// taken since the last Confirm. A backend with Window 0 waits for the reply to
	// the one Block sent, at most callTimeout; another returns at once, zero too.
	Confirm() (Receipt, error)
	// Check returns an error when the connection, without a call under way, is of no
	// more use: closed by the peer, or with bytes on it that nobody asked for. It is
	// called before each Block, so it asks the system only once the connection has been
	// idle for a second.
	Check() error
	Close() error
}

// Receipt is what a Conn learned from the backend.
type Receipt struct {
	Blocks   int // delivered, oldest first
	Rejected int // points taken but complained of: lost behind the backend's door
	// Complaint is what the backend said of them, short; empty if it gave no words.
	Complaint string
}

// Refusal is a backend's answer that it did not take a call over a connection
// that is still good. Every other error of a Conn is a transport error: the
// connection is closed and another one dialled.
type Refusal struct {
	Permanent bool // the same call would be refused again
	Err       error
}

// Error returns the backend's words.
func (r *Refusal) Error() string { return r.Err.Error() }

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Err }

// Rules are what the sender has to know of a backend beyond its Conn.
type Rules struct {
	// Window is how many bytes may be unconfirmed on a connection; 0: one Block.
	Window int
	// Settle is how long after the reply to a Block no Block that shares a series
	// with it may be sent, since the backend answers before it applies.
	Settle time.Duration
	// Encoding names the form of the items, with all settings without which they would
	// be understood wrongly: 1 to 48 bytes. What is spooled in another one is never
	// sent. What only chooses values, such as a least step, is no part of it.
	Encoding string
}

// plan is what a backend's constructor makes of its section.
type plan struct {
	Backend
	Rules
	// group lists the addresses of a backend without a ring: one target, whose
	// lanes share them. Nil: a ring over the section's nodes.
	group []string
}

// kind is one line in the table of backends.
type kind struct {
	name  string
	build func(section *g.Backend, minStep int) (plan, error)
}

// kinds is the table of backends, in the order in which the status page shows
// them.
func kinds() []kind {
	return []kind{
		{"judge", newJudge},
		{"graph", newGraph},
		{"tsdb", newTSDB},
		{"transfer", newTransfer},
		{"influxdb", newInfluxDB},
		{"p8s_relay", newP8sRelay},
	}
}
