package bench

import (
	"fmt"
	"io"
)

// Report writes the tables of results and how they stand against the bars, for a
// terminal. What was not measured is left out.
func Report(out io.Writer, results []Result) {
	b := newBoard(results)
	for _, s := range b.parts() {
		fmt.Fprintf(out, "\n%s\n", s.title)
		s.table.writeText(out)
	}
	if t := b.verdicts(); len(t.rows) > 0 {
		fmt.Fprintf(out, "\n%s\n", verdictsTitle)
		t.writeText(out)
	}
	fmt.Fprintln(out)
}

const verdictsTitle = "Against the bars, and each other"

// board holds what is shown: a summary of each row that was measured.
type board struct {
	summaries []summary          // in the order of the results
	byName    map[string]summary // of a Row
}

// newBoard leaves out rows without a run.
func newBoard(results []Result) board {
	b := board{byName: make(map[string]summary)}
	for _, r := range results {
		if len(r.Runs) == 0 {
			continue
		}
		s := summarize(r)
		b.summaries = append(b.summaries, s)
		b.byName[r.Row.Name] = s
	}
	return b
}

// part is the table of one group.
type part struct {
	title string
	table table
}

// parts returns a table for each group, in the order of their first rows.
func (b board) parts() []part {
	var all []part
	at := make(map[string]int)
	for _, s := range b.summaries {
		group := s.row.Group
		if _, ok := at[group]; !ok {
			at[group] = len(all)
			all = append(all, part{title: groupTitle(group), table: table{head: summaryHead()}})
		}
		t := &all[at[group]].table
		t.rows = append(t.rows, s.cells())
	}
	return all
}

// groupTitle returns the heading of a group of rows.
func groupTitle(group string) string {
	titles := map[string]string{
		"path":      "Full speed",
		"series":    "Full speed, many series",
		"journal":   "Full speed, each point on disk before its reply",
		"paced":     "Paced, as agents send",
		"isolation": "Paced, beside an address that takes its points, and one that hangs",
		"linger":    "Cost against latency by rate and nodes",
		"peers":     "Beside it, at full speed",
	}
	if title, ok := titles[group]; ok {
		return title
	}
	return group
}
