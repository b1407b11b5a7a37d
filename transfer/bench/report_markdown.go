package bench

import (
	"bytes"
	"fmt"
	"html"
	"os"
	"time"
)

// The generated part of a document stands between these lines.
const (
	generatedBegin = "<!-- bench:begin -->"
	generatedEnd   = "<!-- bench:end -->"
)

// updateMarkdown replaces the generated part of the document at path by r.
func (r record) updateMarkdown(path string) error {
	document, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot renew the generated part: %w", err)
	}
	before, rest, begins := bytes.Cut(document, []byte(generatedBegin))
	_, after, ends := bytes.Cut(rest, []byte(generatedEnd))
	if !begins || !ends {
		return fmt.Errorf("cannot renew the generated part of %s: it needs a line %s and below it a line %s", path, generatedBegin, generatedEnd)
	}
	var renewed bytes.Buffer
	renewed.Write(before)
	renewed.WriteString(generatedBegin + "\n")
	r.writeMarkdown(&renewed)
	renewed.WriteString(generatedEnd)
	renewed.Write(after)
	if err := os.WriteFile(path, renewed.Bytes(), 0o644); err != nil {
		return fmt.Errorf("cannot renew the generated part: %w", err)
	}
	return nil
}

// writeMarkdown writes how r was measured and its tables.
func (r record) writeMarkdown(out *bytes.Buffer) {
	m := r.Machine
	fmt.Fprintf(out, "\nMeasured on %s: transfer %s (commit %s) on %d x %s, %s, %s, built with %s.\n",
		r.Date.Format(time.DateOnly), r.Version, r.Commit, m.Cores, html.EscapeString(m.CPU), m.OS, m.Kernel, m.Go)
	fmt.Fprintf(out, "\n```\n%s\n```\n\n", r.Command)
	b := newBoard(r.Results)
	for _, p := range b.parts() {
		fmt.Fprintf(out, "### %s\n\n", p.title)
		p.table.writeMarkdown(out)
		fmt.Fprintln(out)
	}
	if t := b.verdicts(); len(t.rows) > 0 {
		fmt.Fprintf(out, "### %s\n\n", verdictsTitle)
		t.writeMarkdown(out)
		fmt.Fprintln(out)
	}
}
