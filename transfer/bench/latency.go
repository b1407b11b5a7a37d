package bench

import (
	"slices"
	"time"
)

// newLatency returns the percentiles of samples, which it sorts; zeros when there
// are none.
func newLatency(samples []time.Duration) Latency {
	if len(samples) == 0 {
		return Latency{}
	}
	slices.Sort(samples)
	// The least sample that is not below so many per cent of all.
	rank := func(percent int) time.Duration {
		return samples[(len(samples)*percent+99)/100-1]
	}
	return Latency{P50: rank(50), P99: rank(99)}
}
