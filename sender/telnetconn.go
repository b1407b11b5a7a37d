package sender

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"transfer/sender/queue"
)

// telnetQuiet is how long after its acknowledgement a Block must stay without an
// error to count as delivered.
const telnetQuiet = 100 * time.Millisecond

// telnetConn writes lines to a server that answers nothing to a good one. What
// the peer's TCP has acknowledged counts as delivered, a little later.
type telnetConn struct {
	*tcp
	now      func() time.Time
	written  int64         // bytes
	acked    int64         // of these, by the peer's TCP
	progress time.Time     // when acked last rose, or had nothing left to rise to
	flight   []telnetBlock // unconfirmed, oldest first
	text     [4096]byte    // what the server says
}

// telnetBlock is a Block on its way.
type telnetBlock struct {
	end   int64     // bytes written up to its last one
	acked time.Time // when its end was seen acknowledged; zero: not yet
}

func newTelnetConn(c *tcp, now func() time.Time) *telnetConn {
	return &telnetConn{tcp: c, now: now}
}

// Send writes the Block. A slow server may take longer than callTimeout for it,
// as long as it takes some bytes in that time.
func (c *telnetConn) Send(b *queue.Block) error {
	if c.acked == c.written {
		c.progress = c.now() // until now there was nothing to acknowledge
	}
	for rest := b.Payload; len(rest) > 0; {
		if err := c.startTimeout(); err != nil {
			return c.failed("write to", err)
		}
		n, err := c.Write(rest)
		rest = rest[n:]
		c.written += int64(n)
		if slow := n > 0 && errors.Is(err, os.ErrDeadlineExceeded); err != nil && !slow {
			return c.failed("write to", err)
		}
	}
	c.flight = append(c.flight, telnetBlock{end: c.written})
	return nil
}

// Confirm counts the Blocks that were acknowledged long enough ago, and the lines
// that the server has sent: each one complains of a point. It does not wait.
func (c *telnetConn) Confirm() (Receipt, error) {
	// First what is acknowledged, then what the server says: an error that came
	// before an acknowledgement is found.
	waiting, err := c.unacknowledged()
	if err != nil {
		return Receipt{}, c.failed("ask for the acknowledgements of", err)
	}
	var receipt Receipt
	if err := c.listen(&receipt); err != nil {
		return receipt, c.failed("send to", err)
	}
	now := c.now()
	if acked := c.written - int64(waiting); acked > c.acked {
		c.acked, c.progress = acked, now
	}
	receipt.Blocks = c.confirmed(now)
	if c.acked < c.written && now.Sub(c.progress) > c.callTimeout {
		return receipt, c.failed("send to", fmt.Errorf("it acknowledges nothing more within callTimeout (%s)", c.callTimeout))
	}
	return receipt, nil
}

// confirmed takes the Blocks off the flight that count as delivered and returns
// their number.
func (c *telnetConn) confirmed(now time.Time) int {
	n := 0
	for i := range c.flight {
		b := &c.flight[i]
		if b.end > c.acked {
			break
		}
		if b.acked.IsZero() {
			b.acked = now
		}
		if n == i && now.Sub(b.acked) >= telnetQuiet {
			n++
		}
	}
	c.flight = c.flight[:copy(c.flight, c.flight[n:])]
	return n
}

// listen takes what the server has sent and counts its lines.
func (c *telnetConn) listen(r *Receipt) error {
	// A server that never stops talking gets its turn again next time.
	for range 16 {
		n, err := c.receive(c.text[:], 0)
		if err != nil || n == 0 {
			return err
		}
		r.Rejected += bytes.Count(c.text[:n], []byte{'\n'})
		line, _, _ := bytes.Cut(c.text[:n], []byte{'\n'})
		r.Complaint = shorten(string(line))
	}
	return nil
}

// Check makes sure that the server has not closed the connection. What it says is
// for Confirm to count.
func (c *telnetConn) Check() error {
	if !c.isIdle() {
		return nil
	}
	var buf [1]byte
	if _, err := c.peek(buf[:]); err != nil {
		return c.failed("go on using the connection to", err)
	}
	return nil
}
