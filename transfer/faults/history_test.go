package faults

import "fmt"

// fate is what a client knows of a point that it sent.
type fate uint8

const (
	unsent       fate = iota
	acknowledged      // the reply said so: it must arrive
	unanswered        // it may have been taken or not: it may arrive
)

// history is what one client sent. Its requests are rounds: each holds one point of
// each of its series, so all points of a round share their fate.
type history struct {
	endpoint string // no other client has it
	series   int
	fates    []fate // by round
}

const (
	firstTimestamp = 1_600_000_020 // of round 0, a multiple of step
	step           = 60            // seconds
)

// timestamp returns the timestamp of the points of a round. Their value is the
// round's number.
func timestamp(round int) int64 { return firstTimestamp + int64(round)*step }

func metricName(i int) string { return fmt.Sprintf("m%d", i) }

// tags are those of every series, as they stand in a point.
const tags = "idc=a"

// key returns the key of a series.
func (h *history) key(i int) string { return h.endpoint + "/" + metricName(i) + "/" + tags }

// points returns how many points have the fate.
func (h *history) points(f fate) int {
	n := 0
	for _, g := range h.fates {
		if g == f {
			n += h.series
		}
	}
	return n
}
