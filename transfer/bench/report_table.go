package bench

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table is a head and rows of as many cells: the first of a row is its name, the
// others are figures.
type table struct {
	head []string
	rows [][]string
}

// lines are the head and the rows.
func (t table) lines() [][]string { return append([][]string{t.head}, t.rows...) }

// writeText writes t for a terminal: names to the left, figures to the right.
func (t table) writeText(out io.Writer) {
	widths := make([]int, len(t.head))
	for _, line := range t.lines() {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, line := range t.lines() {
		text := "  " + pad(line[0], -widths[0])
		for i, cell := range line[1:] {
			text += "  " + pad(cell, widths[i+1])
		}
		fmt.Fprintln(out, strings.TrimRight(text, " "))
	}
}

// pad fills s up to width runes, to the right of it where width is negative.
func pad(s string, width int) string { return fmt.Sprintf("%*s", width, s) }

// writeMarkdown writes t as a table of Markdown.
func (t table) writeMarkdown(out io.Writer) {
	writeCells(out, t.head)
	fmt.Fprintln(out, "|---|"+strings.Repeat("---:|", len(t.head)-1))
	for _, row := range t.rows {
		writeCells(out, row)
	}
}

func writeCells(out io.Writer, cells []string) {
	fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | "))
}
