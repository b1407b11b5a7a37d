package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// session measures rows several times over.
type session struct {
	measure func(context.Context, Row) (measured, error) // measures a row once
	rows    []Row
	runs    int
	out     io.Writer // progress
}

// run measures all rows, then all again: what else happens on the machine spreads
// over all of them. When ctx ends it returns what was measured so far. Rows that
// cannot be measured are left out; the error names them.
func (s *session) run(ctx context.Context) ([]Result, error) {
	results := make([]Result, len(s.rows))
	failed := make([]error, len(s.rows))
	for i, row := range s.rows {
		results[i].Row = row
	}
	for n := range s.runs {
		for i, row := range s.rows {
			if failed[i] != nil {
				continue
			}
			s.tell("[%d/%d] %-28s ", n+1, s.runs, row.Name)
			run, err := s.measure(ctx, row)
			switch {
			case ctx.Err() != nil:
				s.tell("interrupted\n")
				return measuredOnly(results), errors.Join(failed...)
			case err != nil:
				s.tell("LEFT OUT: %v\n", err)
				failed[i] = fmt.Errorf("%s is left out: %w", row.Name, err)
				continue
			}
			s.tell("%s\n", run)
			results[i].Runs = append(results[i].Runs, run.Run)
		}
	}
	// What is not installed was said; it is no failure.
	failed = slices.DeleteFunc(failed, func(err error) bool { return errors.Is(err, errAbsent) })
	return measuredOnly(results), errors.Join(failed...)
}

func (s *session) tell(format string, args ...any) { fmt.Fprintf(s.out, format, args...) }

// measuredOnly leaves out rows without a run.
func measuredOnly(results []Result) []Result {
	return slices.DeleteFunc(results, func(r Result) bool { return len(r.Runs) == 0 })
}

// String returns the figures in one line.
func (m measured) String() string {
	var line strings.Builder
	fmt.Fprintf(&line, "%9.0f points/s %7.3f us/point  %5.0f MiB  share %.4f",
		m.PointsPerSecond(), float64(m.CPU.Nanoseconds())/float64(m.Points)/1000, float64(m.Memory)/(1<<20), m.Share)
	for _, l := range []struct {
		name string
		Latency
	}{{"ack", m.Ack}, {"arrival", m.Arrival}} {
		if l.P99 > 0 {
			fmt.Fprintf(&line, "  %s %.2f/%.2f ms", l.name, milliseconds(l.P50), milliseconds(l.P99))
		}
	}
	if m.late > 0 {
		fmt.Fprintf(&line, "  BEHIND SCHEDULE: %d of %d requests", m.late, m.requests)
	}
	return line.String()
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
