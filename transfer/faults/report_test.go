package faults

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// fault is what a test injects, in the words of docs/reliability.md.
type fault struct {
	name     string // stable: the row's name
	injected string
	expected string
}

// report collects the rows of the table, one a fault.
type report struct {
	mu   sync.Mutex
	rows map[fault]*row
}

// row is what came of a fault, in all of its runs.
type row struct {
	runs, failed           int
	owed, lost, duplicates int
	more                   string // of the last run
}

// seen says what came of a fault: in the test's log, and in the row of the table.
func (r *report) seen(t *testing.T, f fault, v *verdict, more string) {
	t.Helper()
	t.Logf("fault=%s seed=%d acknowledged=%d arrived=%d lost=%d duplicates=%d disordered=%d misplaced=%d unknown=%d unanswered=%d of %d %s",
		f.name, seed, v.owed, v.owed-v.lost, v.lost, v.duplicates, v.disordered, v.misplaced, v.unknown,
		v.unansweredArrived, v.unanswered, more)
	r.mu.Lock()
	if r.rows == nil {
		r.rows = make(map[fault]*row)
	}
	one := r.rows[f]
	if one == nil {
		one = &row{}
		r.rows[f] = one
	}
	one.runs++
	one.owed += v.owed
	one.lost += v.lost
	one.duplicates += v.duplicates
	one.more = more
	r.mu.Unlock()
	t.Cleanup(func() { // what the test finds afterwards counts, too
		r.mu.Lock()
		defer r.mu.Unlock()
		if t.Failed() {
			one.failed++
		}
	})
}

// line returns the row as Markdown.
func (r *row) line(f fault) string {
	more := r.more
	if r.runs > 1 {
		more = fmt.Sprintf("%d times; the last: %s", r.runs, more)
	}
	if r.failed > 0 {
		more = fmt.Sprintf("**%d not as expected** %s", r.failed, more)
	}
	return fmt.Sprintf("| %s | %s | %s | %d | %d | %d | %d | %s |\n",
		f.name, f.injected, f.expected, r.owed, r.owed-r.lost, r.lost, r.duplicates, more)
}

// write appends the rows to the file, sorted; without a file it does nothing.
func (r *report) write(path string) error {
	if path == "" {
		return nil
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	var lines []string
	for f, one := range r.rows {
		lines = append(lines, one.line(f))
	}
	slices.Sort(lines)
	_, err = file.WriteString(strings.Join(lines, ""))
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	return nil
}
