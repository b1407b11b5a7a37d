package trial

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"time"
)

// Client plays whoever sends points: a round each interval, one after another. What
// is refused it sends again; what was not answered it leaves.
type Client struct {
	History
	via      Transport
	interval time.Duration

	taken   atomic.Int64 // rounds acknowledged, or written to a socket
	refused atomic.Int64 // requests
	broken  atomic.Int64 // requests that had no reply though there should be one
	absent  atomic.Int64 // times that there was nobody to send to
	trouble error        // what must not happen; it ends the client
}

// Transport is a way to the relay.
type Transport interface {
	// Send sends the points of a round and returns what became of them.
	Send(points []Point, round int) (Outcome, error)
	Close()
	// Breaks returns how many connections ended that the client had not closed.
	Breaks() int
}

// Outcome is what became of a request.
type Outcome int

// What may become of a request.
const (
	Taken   Outcome = iota // acknowledged
	Written                // there is no reply by this way
	Broken                 // no reply came although there should be one
	Refused                // answered: try again
	Nobody                 // there was nobody to send to
)

// Point is a point as it is sent.
type Point struct {
	Endpoint, Metric string
	Timestamp        int64
	Value            int
}

// run sends until stop is closed. An error of the transport is one of the relay: it
// says what no relay may answer.
func (c *Client) run(stop <-chan struct{}) {
	defer c.via.Close()
	points := make([]Point, c.Series)
	pause := time.NewTimer(0)
	defer pause.Stop()
	due := time.Now()
	for {
		select {
		case <-stop:
			return
		case <-pause.C:
		}
		round := len(c.fates)
		for i := range points {
			points[i] = Point{c.endpoint, metricName(i), Timestamp(round), round}
		}
		again, err := c.round(points, round, stop)
		if err != nil {
			c.trouble = fmt.Errorf("%s, round %d: %w", c.endpoint, round, err)
			return
		}
		if again { // stopped before anything was sent
			return
		}
		// Who was held up catches up by one round, not by all.
		due = latest(due.Add(c.interval), time.Now().Add(-c.interval))
		pause.Reset(time.Until(due))
	}
}

// retryPause is how long a client waits before it sends a refused request again.
const retryPause = 20 * time.Millisecond

// round sends one round until it is settled, and notes its fate. unsettled: the
// client was stopped before that, and nothing of the round can be in the relay.
func (c *Client) round(points []Point, round int, stop <-chan struct{}) (unsettled bool, err error) {
	began := time.Now()
	maybe := false // a refused request may lie in the journal, and so arrive
	asked := 0     // the relay that may have it
	for {
		relay := c.relay()
		what, err := c.via.Send(points, round)
		if err != nil {
			return false, err
		}
		taker := relay
		if maybe && asked != relay {
			taker = several
		}
		switch what {
		case Taken:
			c.settle(Acknowledged, began, taker)
			c.taken.Add(1)
			return false, nil
		case Written:
			c.settle(Unanswered, began, taker)
			c.taken.Add(1)
			return false, nil
		case Broken:
			if c.relay() != relay { // it may be read late, behind what comes by another connection
				taker = several
			}
			c.settle(Unanswered, began, taker)
			c.broken.Add(1)
			return false, nil
		case Refused:
			c.refused.Add(1)
			maybe, asked = true, taker
		case Nobody:
			c.absent.Add(1)
		}
		select {
		case <-time.After(retryPause):
		case <-stop:
			if maybe {
				c.settle(Unanswered, began, asked)
			}
			return !maybe, nil
		}
	}
}

// unread is how long what had no answer may lie in the relay's sockets unread.
const unread = 10 * time.Second

// relay returns the number of the relay that is sent to next.
func (c *Client) relay() int {
	if r, roams := c.via.(*roamer); roams {
		return r.at
	}
	return 0
}

// settle notes the fate of the next round, and which relay has it if it was taken.
func (c *Client) settle(f Fate, began time.Time, relay int) {
	until := time.Now()
	if f == Unanswered {
		until = until.Add(unread)
	}
	c.fates = append(c.fates, f)
	c.spans = append(c.spans, span{began, until})
	c.relays = append(c.relays, relay)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// appendJSON appends the points as a JSON array of POINT.
func appendJSON(b []byte, points []Point) []byte {
	b = append(b, '[')
	for i, p := range points {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"endpoint":"`...)
		b = append(b, p.Endpoint...)
		b = append(b, `","metric":"`...)
		b = append(b, p.Metric...)
		b = append(b, `","value":`...)
		b = strconv.AppendInt(b, int64(p.Value), 10)
		b = append(b, `,"step":`...)
		b = strconv.AppendInt(b, step, 10)
		b = append(b, `,"counterType":"GAUGE","tags":"`+tags+`","timestamp":`...)
		b = strconv.AppendInt(b, p.Timestamp, 10)
		b = append(b, '}')
	}
	return append(b, ']')
}
