package bench

import (
	_ "embed" // the template
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/template"
)

//go:embed report_chart.svg
var chartTemplate string

// The measures of the chart, in pixels.
const (
	chartWidth = 860
	chartLeft  = 330 // where bars begin
	chartRight = 760 // where the longest ends; its figure stands behind it
	chartTop   = 84  // of the first bar's row
	rowHeight  = 44
	barHeight  = 18
)

// chart is what the template draws.
type chart struct {
	Width, Height, Left, Bottom int
	Note                        string
	Bars                        []chartBar
	Ticks                       []chartTick
}

// chartBar is the cost of a point in one row.
type chartBar struct {
	Y, Top, Height int     // of the row's middle; of the bar
	Length         float64 // of the bar
	Low, High      float64 // where the least and the most of the runs lie
	Name, Way      string
	Figure         string
	Peer           bool
}

// chartTick is a line of the scale.
type chartTick struct {
	X    float64
	Text string
}

// writeChart draws the CPU time of a point in the paths at full speed and in what
// is beside them, as SVG.
func (r record) writeChart(out io.Writer) error {
	rows := slices.DeleteFunc(newBoard(r.Results).summaries, func(s summary) bool {
		return s.row.Group != "path" && s.row.Group != "peers"
	})
	if len(rows) == 0 {
		return fmt.Errorf("cannot draw a chart: it shows rows of the groups path and peers, and none was measured")
	}
	drawing, err := template.New("chart").Parse(chartTemplate)
	if err != nil {
		return fmt.Errorf("cannot draw a chart: %w", err)
	}
	if err := drawing.Execute(out, newChart(rows, r.Machine)); err != nil {
		return fmt.Errorf("cannot draw a chart: %w", err)
	}
	return nil
}

// newChart lays out the bars of rows, of which there is at least one.
func newChart(rows []summary, m machine) chart {
	most := 0.0
	for _, s := range rows {
		most = max(most, s.cpuMax)
	}
	step := tickStep(most)
	scale := (chartRight - chartLeft) / max(most, step)
	bottom := chartTop + rowHeight*len(rows)
	c := chart{
		Width: chartWidth, Height: bottom + 44, Left: chartLeft, Bottom: bottom,
		Note: fmt.Sprintf("%d x %s. Median of the runs; the thin line is their range. Less is better.", m.Cores, m.CPU),
	}
	for n := 0; float64(n)*step <= max(most, step); n++ {
		x := float64(n) * step
		c.Ticks = append(c.Ticks, chartTick{X: chartLeft + x*scale, Text: fmt.Sprintf("%g", math.Round(x*1000)/1000)})
	}
	for i, s := range rows {
		middle := chartTop + rowHeight*i + rowHeight/2
		c.Bars = append(c.Bars, chartBar{
			Y: middle, Top: middle - barHeight/2, Height: barHeight,
			Length: s.cpu * scale, Low: chartLeft + s.cpuMin*scale, High: chartLeft + s.cpuMax*scale,
			Name: subjectTitle(s.row), Way: describe(s.row), Figure: figure(s.cpu) + " µs", Peer: s.row.Subject != relaySubject,
		})
	}
	return c
}

// tickStep returns 1, 2 or 5 times a power of ten, so that a scale up to most has
// at most 6 steps.
func tickStep(most float64) float64 {
	if most <= 0 {
		return 1
	}
	least := most / 6
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, times := range []float64{1, 2, 5} {
		if times*power >= least {
			return times * power
		}
	}
	return 10 * power
}

// subjectTitle returns what a reader knows a subject by.
func subjectTitle(row Row) string {
	if row.Subject == "plain" {
		return "the plain baseline"
	}
	return row.Subject
}

// describe says where the points of a row come from and go to.
func describe(row Row) string {
	in := map[string]string{
		"rpc": "JSON-RPC", "http": "HTTP", "socket": "lines", "graphite": "Graphite lines", "opentsdb": "OpenTSDB lines",
	}[row.Way]
	var out string
	switch names := strings.Join(row.Backends, " + "); {
	case len(row.Backends) > 2:
		out = fmt.Sprintf("all %d backends", len(row.Backends))
	case names == "graphite":
		out = "the same lines"
	case names == "prometheus":
		out = "remote write"
	default:
		out = names
	}
	text := in + " → " + out
	if row.Nodes > 1 {
		text += fmt.Sprintf(", %d nodes", row.Nodes)
		if len(row.Backends) > 1 {
			text += " each"
		}
	}
	return text
}
