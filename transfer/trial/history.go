package trial

import (
	"fmt"
	"time"
)

// Fate is what a client knows of a point that it sent.
type Fate uint8

// What may be known of a point.
const (
	Unsent       Fate = iota
	Acknowledged      // the reply said so: it must arrive
	Unanswered        // it may have been taken or not: it may arrive
)

// History is what one client sent. Its requests are rounds: each holds one point of
// each of its series, so all points of a round share their fate.
type History struct {
	endpoint string // no other client has it
	Series   int
	fates    []Fate // by round
	spans    []span // by round; where there is none, the round may be of any time
	relays   []int  // by round, the number of the relay that took it; where there is none, 0
}

// several is in place of a relay's number where more than one may have taken a round.
const several = -1

// relay returns the number of the relay that took a round.
func (h *History) relay(round int) int {
	if round >= len(h.relays) {
		return 0
	}
	return h.relays[round]
}

// span is the time in which a request was taken, if it was.
type span struct{ from, until time.Time }

// span returns that of a round.
func (h *History) span(round int) (from, until time.Time) {
	if round >= len(h.spans) {
		return time.Time{}, time.Time{}
	}
	return h.spans[round].from, h.spans[round].until
}

const (
	firstTimestamp = 1_600_000_020 // of round 0, a multiple of step
	step           = 60            // seconds
)

// Timestamp returns the timestamp of the points of a round. Their value is the
// round's number.
func Timestamp(round int) int64 { return firstTimestamp + int64(round)*step }

func metricName(i int) string { return fmt.Sprintf("m%d", i) }

// tags are those of every series, as they stand in a point.
const tags = "idc=a"

// Key returns the key of a series.
func (h *History) Key(i int) string { return h.endpoint + "/" + metricName(i) + "/" + tags }

// Points returns how many points have the fate.
func (h *History) Points(f Fate) int {
	n := 0
	for _, g := range h.fates {
		if g == f {
			n += h.Series
		}
	}
	return n
}
