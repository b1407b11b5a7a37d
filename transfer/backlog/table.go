package backlog

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	jsoniter "github.com/json-iterator/go"
)

// writeRows writes the rows as a table for people, with a line for all of them. What lies in
// Redis has a column if there is something.
func writeRows(out io.Writer, rows []Row, what string) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintf(out, "no %s\n", what)
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	var redis, points, memory uint64
	var bytes int64
	for _, r := range rows {
		redis += r.Redis
	}
	inRedis := func(text string) string {
		if redis == 0 {
			return ""
		}
		return text + "\t"
	}
	fmt.Fprintf(table, "TARGET\tLANE\tSTATE\t%sPOINTS\tMEMORY\tBYTES\tOLDEST\tNEWEST\tENCODING\n", inRedis("REDIS"))
	for _, r := range rows {
		lane := "-"
		if r.Lane != nil {
			lane = strconv.Itoa(*r.Lane)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s%d\t%d\t%s\t%s\t%s\t%s\n", visible(r.Target), lane, cmp.Or(r.State, "-"), inRedis(strconv.FormatUint(r.Redis, 10)), r.Points, r.Memory, size(r.Bytes),
			moment(r.Oldest), moment(r.Newest), visible(r.Encoding))
		points += r.Points
		memory += r.Memory
		bytes += r.Bytes
	}
	fmt.Fprintf(table, "all\t-\t-\t%s%d\t%d\t%s\t\t\t\n", inRedis(strconv.FormatUint(redis, 10)), points, memory, size(bytes))
	return table.Flush()
}

// writePoint writes a point in one line, and its bytes in another where the text does
// not say all.
func writePoint(out io.Writer, p Point) error {
	var line strings.Builder
	fmt.Fprintf(&line, "%s  %d", moment(&p.When), p.Number)
	if p.Lane != nil {
		fmt.Fprintf(&line, "  lane %d", *p.Lane)
	}
	fmt.Fprintf(&line, "  hash %08x  %s", p.Hash, visible(p.Encoding))
	if p.Address != "" {
		fmt.Fprintf(&line, "  refused by %s: %s", visible(p.Address), visible(p.Reason))
	}
	fmt.Fprintf(&line, "\n    %s\n", p.Text)
	if p.Hex != "" {
		fmt.Fprintf(&line, "    %s\n", p.Hex)
	}
	_, err := io.WriteString(out, line.String())
	return err
}

// writeJSON writes a value as JSON in one line.
func writeJSON(out io.Writer, v any) error {
	text, err := jsoniter.ConfigCompatibleWithStandardLibrary.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", text)
	return err
}

// moment returns a time as people read it, in the zone of the machine.
func moment(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.Local().Format(time.DateTime)
}

// size returns so many bytes in the unit that suits them.
func size(bytes int64) string {
	const unit = 1024
	if bytes < unit {
		return fmt.Sprintf("%d B", bytes)
	}
	v, i := float64(bytes)/unit, 0
	for ; v >= unit && i < len("KMGT")-1; i++ {
		v /= unit
	}
	return fmt.Sprintf("%.1f %ciB", v, "KMGT"[i])
}

// visible returns a text of the configuration or of a backend in quotes where it would
// not show as it is.
func visible(text string) string {
	if isText(text) {
		return text
	}
	return strconv.Quote(text)
}
