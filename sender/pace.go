package sender

import (
	"math"

	"transfer/g/metric"
)

// pace is what judge, graph and p8s_relay do to a point's times: they take no
// step under minStep, and timestamps on the step only.
type pace struct {
	minStep int64 // seconds
}

func newPace(minStep int) pace {
	if minStep < 1 {
		minStep = 30
	}
	return pace{minStep: int64(minStep)}
}

// step returns the point's step, in seconds.
func (c pace) step(p *metric.Point) int64 { return max(p.Step, c.minStep) }

// timestamp returns the point's timestamp aligned down to its step.
func (c pace) timestamp(p *metric.Point) int64 {
	step := c.step(p)
	// Until 2106 both have 32 bits, whose division takes half the time.
	if uint64(p.Timestamp|step) <= math.MaxUint32 {
		return p.Timestamp - int64(uint32(p.Timestamp)%uint32(step))
	}
	past := p.Timestamp % step
	if past < 0 {
		past += step
	}
	return p.Timestamp - past
}
