package trial

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Case is what a test does to a relay, in the words of docs/reliability.md.
type Case struct {
	Name     string // stable: the row's name
	Injected string
	Expected string
}

// report collects the rows of the table, one a fault.
type report struct {
	mu   sync.Mutex
	rows map[Case]*row
}

// row is what came of a fault, in all of its runs.
type row struct {
	runs, failed           int
	owed, lost, duplicates int
	more                   string // of the last run
}

// seen says what came of a fault: in the test's log, and in the row of the table.
func (r *report) seen(t *testing.T, seed uint64, c Case, v *Verdict, more string) {
	t.Helper()
	t.Logf("fault=%s seed=%d acknowledged=%d arrived=%d lost=%d duplicates=%d disordered=%d misplaced=%d unknown=%d unanswered=%d of %d %s",
		c.Name, seed, v.Owed, v.Owed-v.Lost, v.Lost, v.Duplicates, v.Disordered, v.misplaced, v.unknown,
		v.UnansweredArrived, v.Unanswered, more)
	r.mu.Lock()
	if r.rows == nil {
		r.rows = make(map[Case]*row)
	}
	one := r.rows[c]
	if one == nil {
		one = &row{}
		r.rows[c] = one
	}
	one.runs++
	one.owed += v.Owed
	one.lost += v.Lost
	one.duplicates += v.Duplicates
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
func (r *row) line(c Case) string {
	more := r.more
	if r.runs > 1 {
		more = fmt.Sprintf("%d times; the last: %s", r.runs, more)
	}
	if r.failed > 0 {
		more = fmt.Sprintf("**%d not as expected** %s", r.failed, more)
	}
	return fmt.Sprintf("| %s | %s | %s | %d | %d | %d | %d | %s |\n",
		c.Name, c.Injected, c.Expected, r.owed, r.owed-r.lost, r.lost, r.duplicates, more)
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
	for c, one := range r.rows {
		lines = append(lines, one.line(c))
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
