package bench

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// summary is a row's runs as one line of a table: of each figure its own median,
// and of the share the worst.
type summary struct {
	row                    Row
	runs                   int
	rate                   float64 // points/s
	cpu, cpuMin, cpuMax    float64 // µs a point
	ackP50, ackP99         time.Duration
	arrivalP50, arrivalP99 time.Duration
	memory                 float64 // MiB
	share                  float64
}

// summarize sums up a result with at least one run.
func summarize(r Result) summary {
	cpu := each(r.Runs, microsPerPoint)
	return summary{
		row:        r.Row,
		runs:       len(r.Runs),
		rate:       median(each(r.Runs, Run.PointsPerSecond)),
		cpu:        median(cpu),
		cpuMin:     slices.Min(cpu),
		cpuMax:     slices.Max(cpu),
		ackP50:     median(each(r.Runs, func(r Run) time.Duration { return r.Ack.P50 })),
		ackP99:     median(each(r.Runs, func(r Run) time.Duration { return r.Ack.P99 })),
		arrivalP50: median(each(r.Runs, func(r Run) time.Duration { return r.Arrival.P50 })),
		arrivalP99: median(each(r.Runs, func(r Run) time.Duration { return r.Arrival.P99 })),
		memory:     median(each(r.Runs, func(r Run) float64 { return float64(r.Memory) / (1 << 20) })),
		share:      slices.Min(each(r.Runs, func(r Run) float64 { return r.Share })),
	}
}

// microsPerPoint is Run.CPUPerPoint without its rounding to nanoseconds, of which
// a point may cost few enough to count.
func microsPerPoint(r Run) float64 {
	if r.Points == 0 {
		return 0
	}
	return float64(r.CPU.Nanoseconds()) / 1e3 / float64(r.Points)
}

func each[T any](runs []Run, figure func(Run) T) []T {
	all := make([]T, len(runs))
	for i, r := range runs {
		all[i] = figure(r)
	}
	return all
}

// median returns the middle one of values, of which there is at least one, or the
// mean of the two in the middle.
func median[T ~int64 | float64](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	high := sorted[len(sorted)/2]
	if len(sorted)%2 == 1 {
		return high
	}
	return (sorted[len(sorted)/2-1] + high) / 2
}

// summaryHead is the head of a table of summaries.
func summaryHead() []string {
	return []string{
		"row", "points/s", "CPU µs/point", "(min..max)", "ack p50", "p99 ms", "arrival p50", "p99 ms", "peak MiB", "share", "runs",
	}
}

// cells is the line of a summary, as summaryHead names it.
func (s summary) cells() []string {
	spread := "-"
	if s.runs > 1 {
		spread = fmt.Sprintf("%s..%s", figure(s.cpuMin), figure(s.cpuMax))
	}
	return []string{
		s.row.Name, thousands(s.rate), figure(s.cpu), spread,
		millis(s.ackP50), millis(s.ackP99), millis(s.arrivalP50), millis(s.arrivalP99),
		fmt.Sprintf("%.0f", s.memory), shareText(s.share), fmt.Sprint(s.runs),
	}
}

// figure writes a number of any size by three digits or so: 0.128, 1.28, 12.8, 128.
func figure(x float64) string {
	switch {
	case x < 0.9995:
		return fmt.Sprintf("%.3f", x)
	case x < 9.995:
		return fmt.Sprintf("%.2f", x)
	case x < 99.95:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

// millis writes a latency in ms, a dash where there is none.
func millis(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return figure(milliseconds(d))
}

// thousands writes a whole number in groups of three digits.
func thousands(x float64) string {
	digits := fmt.Sprintf("%.0f", x)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// shareText writes a share so that only all of it reads 1: it rounds down.
func shareText(x float64) string {
	if x == 1 {
		return "1"
	}
	return fmt.Sprintf("%.4f", math.Floor(x*1e4)/1e4)
}
