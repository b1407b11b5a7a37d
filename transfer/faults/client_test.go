package faults

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"time"
)

// client plays whoever sends points: a round each interval, one after another. What
// is refused it sends again; what was not answered it leaves.
type client struct {
	history
	via      transport
	interval time.Duration

	taken   atomic.Int64 // rounds acknowledged, or written to a socket
	refused atomic.Int64 // requests
	trouble error        // what must not happen; it ends the client
}

// transport is a way to the relay.
type transport interface {
	// send sends the points of a round and returns what became of them.
	send(points []point, round int) (outcome, error)
	close()
}

// outcome is what became of a request.
type outcome int

const (
	taken   outcome = iota // acknowledged
	written                // there is no reply by this way
	broken                 // no reply came although there should be one
	refused                // answered: try again
	nobody                 // there was nobody to send to
)

// point is a point as it is sent.
type point struct {
	endpoint, metric string
	timestamp        int64
	value            int
}

// run sends until stop is closed. An error of the transport is one of the relay: it
// says what no relay may answer.
func (c *client) run(stop <-chan struct{}) {
	defer c.via.close()
	points := make([]point, c.series)
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
			points[i] = point{c.endpoint, metricName(i), timestamp(round), round}
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
func (c *client) round(points []point, round int, stop <-chan struct{}) (unsettled bool, err error) {
	maybe := false // a refused request may lie in the journal, and so arrive
	for {
		what, err := c.via.send(points, round)
		if err != nil {
			return false, err
		}
		switch what {
		case taken:
			c.fates = append(c.fates, acknowledged)
			c.taken.Add(1)
			return false, nil
		case written:
			c.fates = append(c.fates, unanswered)
			c.taken.Add(1)
			return false, nil
		case broken:
			c.fates = append(c.fates, unanswered)
			return false, nil
		case refused:
			c.refused.Add(1)
			maybe = true
		}
		select {
		case <-time.After(retryPause):
		case <-stop:
			if maybe {
				c.fates = append(c.fates, unanswered)
			}
			return !maybe, nil
		}
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// appendJSON appends the points as a JSON array of POINT.
func appendJSON(b []byte, points []point) []byte {
	b = append(b, '[')
	for i, p := range points {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"endpoint":"`...)
		b = append(b, p.endpoint...)
		b = append(b, `","metric":"`...)
		b = append(b, p.metric...)
		b = append(b, `","value":`...)
		b = strconv.AppendInt(b, int64(p.value), 10)
		b = append(b, `,"step":`...)
		b = strconv.AppendInt(b, step, 10)
		b = append(b, `,"counterType":"GAUGE","tags":"`+tags+`","timestamp":`...)
		b = strconv.AppendInt(b, p.timestamp, 10)
		b = append(b, '}')
	}
	return append(b, ']')
}
