package pipeline

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"transfer/g/metric"
)

// filteredPoints is how many points of a series Filter shows.
const filteredPoints = 5

// closeEnough is how far apart two values may be that count as equal.
const closeEnough = 1e-6

// Filter returns the last 5 accepted points of a series whose values satisfy op
// (eq, ne, gt or lt) and the threshold, newest first, since the series was first
// asked for; as with Trace, one series at a time. Another op or threshold than the
// last time applies to the points from now on. The texts of its errors, which
// change nothing, are those that sites' scripts know.
func (p *Pipeline) Filter(endpoint, name, op, threshold, tags string) ([]metric.Traced, error) {
	limit, err := strconv.ParseFloat(threshold, 64)
	if err != nil {
		return nil, errors.New("bad threadhold")
	}
	wanted, err := condition(op, limit)
	if err != nil {
		return nil, err
	}
	return p.filter.ask(endpoint, name, tags, wanted), nil
}

// condition returns the test of a value that op and limit make.
func condition(op string, limit float64) (func(value float64) bool, error) {
	equal := func(v float64) bool { return math.Abs(v-limit) <= closeEnough }
	switch op {
	case "eq":
		return equal, nil
	case "ne":
		return func(v float64) bool { return !equal(v) }, nil
	case "gt":
		return func(v float64) bool { return v > limit }, nil
	case "lt":
		return func(v float64) bool { return v < limit }, nil
	}
	return nil, fmt.Errorf("bad opt: %s", op)
}
