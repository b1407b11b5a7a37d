package bench

import "strconv"

// bar is a figure that a run is judged by: of one row, or of two by each other.
type bar struct {
	what  string
	value func(b board) (x float64, ok bool) // not ok: what it takes was not measured
	unit  string
	limit float64 // 0: there is no bar, the figure is for the reader
	least bool    // value is to be at least limit; else at most
}

// bars are all figures that are judged or compared, in the order in which they are
// shown.
func bars() []bar {
	return []bar{
		cost("rpc-graph-judge-3", 0.5),
		timesLess("rpc-graph-judge-3", "plain", 12),
		ofCost("rpc-graph-judge-3", "carbon-c-relay", 0.2),
		cost("http-graph-judge-3", 0.6),
		ofCost("http-graph-judge-3", "carbon-c-relay", 0.24),
		cost("socket-tsdb", 0.2),
		ofCost("socket-tsdb", "carbon-c-relay", 0.1),
		ofCost("socket-tsdb", "vmagent", 0),
		ofCost("rpc-graph-judge-20", "rpc-graph-judge-3", 0),
		ofCost("rpc-graph-judge-100", "rpc-graph-judge-3", 1.4),
		ofCost("rpc-graph-judge-3-1m", "rpc-graph-judge-3", 1.4),
		ofCost("rpc-graph-judge-3-1m-random", "rpc-graph-judge-3", 0),
		cost("journal-rpc-graph-judge-3", 0.6),
		ofCost("journal-rpc-graph-judge-3", "carbon-c-relay", 0.23),
		cost("journal-http-graph-judge-3", 0.7),
		ofCost("journal-http-graph-judge-3", "carbon-c-relay", 0.28),
		cost("journal-socket-tsdb", 0.3),
		ofCost("journal-socket-tsdb", "carbon-c-relay", 0.14),
		worstAck(3),
		arrivalP99("paced-rpc-graph-judge-3", 15),
		arrivalP99("paced-rpc-graph-judge-100", 80),
		memory("paced-rpc-graph-judge-3", 150),
		memory("paced-rpc-graph-judge-3-1m", 600),
		ofWell("rate", 0.95, true, func(s summary) float64 { return s.rate }),
		ofWell("arrival p99", 1.1, false, func(s summary) float64 { return milliseconds(s.arrivalP99) }),
		leastShare(),
	}
}

// ofWell is what the others get beside an address that hangs, as a part of what they get
// beside one that is well.
func ofWell(what string, limit float64, least bool, of func(summary) float64) bar {
	const row = "isolation-neighbour-"
	return bar{what: "beside a hung address / beside a good one: " + what, unit: " x", limit: limit, least: least, value: func(b board) (float64, bool) {
		hung, measured := b.byName[row+neighbourHung]
		well, too := b.byName[row+neighbourWell]
		if !measured || !too || of(well) == 0 {
			return 0, false
		}
		return of(hung) / of(well), true
	}}
}

// cost is the CPU time of a point, limit in µs.
func cost(row string, limit float64) bar {
	return bar{what: row + ": CPU of a point", unit: " µs", limit: limit, value: ofRow(row, func(s summary) float64 { return s.cpu })}
}

// ofCost is the CPU time of a point of row as a part of that of other.
func ofCost(row, other string, limit float64) bar {
	return bar{what: row + " / " + other + ": CPU", unit: " x", limit: limit, value: costRatio(row, other)}
}

// timesLess is how many times the CPU time of a point of other is that of row.
func timesLess(row, other string, limit float64) bar {
	return bar{what: other + " / " + row + ": CPU", unit: " x", limit: limit, least: true, value: costRatio(other, row)}
}

func costRatio(row, other string) func(board) (float64, bool) {
	return func(b board) (float64, bool) {
		x, okX := b.byName[row]
		y, okY := b.byName[other]
		if !okX || !okY || y.cpu == 0 {
			return 0, false
		}
		return x.cpu / y.cpu, true
	}
}

// worstAck is the acknowledgement's 99th percentile in the slowest of the paced
// rows, limit in ms.
func worstAck(limit float64) bar {
	return bar{what: "ack p99, the slowest of the paced rows", unit: " ms", limit: limit, value: func(b board) (worst float64, ok bool) {
		for _, s := range b.summaries {
			if s.row.Group == "paced" && s.ackP99 > 0 {
				worst, ok = max(worst, milliseconds(s.ackP99)), true
			}
		}
		return worst, ok
	}}
}

// arrivalP99 is the 99th percentile from push to backend, limit in ms.
func arrivalP99(row string, limit float64) bar {
	return bar{what: row + ": arrival p99", unit: " ms", limit: limit, value: ofRow(row, func(s summary) float64 {
		return milliseconds(s.arrivalP99)
	})}
}

// memory is the peak of the resident set, limit in MiB.
func memory(row string, limit float64) bar {
	return bar{what: row + ": peak memory", unit: " MiB", limit: limit, value: ofRow(row, func(s summary) float64 { return s.memory })}
}

// leastShare is the worst share of all runs of the relay: it loses nothing.
func leastShare() bar {
	return bar{what: "delivered share, the worst of all rows of transfer", limit: 1, least: true, value: func(b board) (least float64, ok bool) {
		for _, s := range b.summaries {
			if s.row.Subject == relaySubject && (!ok || s.share < least) {
				least, ok = s.share, true
			}
		}
		return least, ok
	}}
}

// relaySubject is the Row.Subject of what is judged.
const relaySubject = "transfer"

func ofRow(row string, figure func(summary) float64) func(board) (float64, bool) {
	return func(b board) (float64, bool) {
		s, ok := b.byName[row]
		if !ok {
			return 0, false
		}
		return figure(s), true
	}
}

// verdicts returns the table of the bars that can be told of.
func (b board) verdicts() table {
	t := table{head: []string{"figure", "measured", "bar", "verdict"}}
	for _, bar := range bars() {
		if x, ok := bar.value(b); ok {
			t.rows = append(t.rows, []string{bar.what, bar.text(x), bar.limitText(), bar.verdict(x)})
		}
	}
	return t
}

// text writes the figure x, a share so that what missed the bar does not read 1.
func (b bar) text(x float64) string {
	if b.unit == "" {
		return shareText(x)
	}
	return figure(x) + b.unit
}

// limitText writes the bar, a dash where there is none.
func (b bar) limitText() string {
	switch {
	case b.limit == 0:
		return "-"
	case b.least:
		return ">= " + strconv.FormatFloat(b.limit, 'g', -1, 64) + b.unit
	}
	return "<= " + strconv.FormatFloat(b.limit, 'g', -1, 64) + b.unit
}

func (b bar) verdict(x float64) string {
	switch {
	case b.limit == 0:
		return "-"
	case b.least && x < b.limit, !b.least && x > b.limit:
		return "missed"
	}
	return "met"
}
