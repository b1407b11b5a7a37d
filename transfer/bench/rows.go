package bench

import (
	"fmt"
	"regexp"
)

// The numbers of series and of nodes that rows have.
const (
	fewSeries  = 10_000
	someSeries = 100_000
	manySeries = 1_000_000

	pacedRate = 100_000 // points/s
)

func nodeCounts() []int { return []int{3, 20, 100} }

func alarmAndGraph() []string { return []string{"judge", "graph"} }

func allSix() []string {
	return []string{"judge", "graph", "tsdb", "transfer", "influxdb", "p8s_relay"}
}

// Rows returns all rows, in the order in which they are measured and shown.
func Rows() (all []Row) {
	for _, group := range [][]Row{pathRows(), seriesRows(), journalRows(), pacedRows(), isolationRows(), lingerRows(), peerRows()} {
		all = append(all, group...)
	}
	return all
}

// paths returns a row for each of the paths through the relay, without group, series
// and rate.
func paths() (all []Row) {
	for _, nodes := range nodeCounts() {
		all = append(all, Row{Name: fmt.Sprintf("rpc-graph-judge-%d", nodes), Way: "rpc", Backends: alarmAndGraph(), Nodes: nodes})
	}
	all = append(all,
		Row{Name: "http-graph-judge-3", Way: "http", Backends: alarmAndGraph(), Nodes: 3},
		Row{Name: "socket-tsdb", Way: "socket", Backends: []string{"tsdb"}, Nodes: 1},
		Row{Name: "rpc-all-six", Way: "rpc", Backends: allSix(), Nodes: 3},
	)
	for i := range all {
		all[i].Subject = "transfer"
	}
	return all
}

// pathRows are the paths at full speed.
func pathRows() []Row {
	all := paths()
	for i := range all {
		all[i].Group, all[i].Series = "path", fewSeries
	}
	return all
}

// seriesRows are one path at full speed with more series.
func seriesRows() []Row {
	row := Row{Group: "series", Subject: "transfer", Way: "rpc", Backends: alarmAndGraph(), Nodes: 3}
	some, many, random := row, row, row
	some.Name, some.Series = "rpc-graph-judge-3-100k", someSeries
	many.Name, many.Series = "rpc-graph-judge-3-1m", manySeries
	random.Name, random.Series, random.Random = "rpc-graph-judge-3-1m-random", manySeries, true
	return []Row{some, many, random}
}

// journalRows are paths at full speed with each point on disk before it is
// acknowledged.
func journalRows() (all []Row) {
	for _, row := range pathRows() {
		switch row.Name {
		case "rpc-graph-judge-3", "http-graph-judge-3", "socket-tsdb":
			row.Name, row.Group, row.Durability = "journal-"+row.Name, "journal", "journal"
			all = append(all, row)
		}
	}
	return all
}

// pacedRows are the paths at a fixed rate.
func pacedRows() []Row {
	all := paths()
	for i := range all {
		all[i].Name = "paced-" + all[i].Name
		all[i].Group, all[i].Series, all[i].Rate = "paced", someSeries, pacedRate
	}
	many := all[0]
	many.Name, many.Series = many.Name+"-1m", manySeries
	return append(all, many)
}

// isolationRows are a pair: one address takes its points, or hangs in every call. What the
// others get, and when, is to be the same.
func isolationRows() (all []Row) {
	for _, neighbour := range []string{neighbourWell, neighbourHung} {
		all = append(all, Row{
			Name: "isolation-neighbour-" + neighbour, Group: "isolation", Subject: "transfer", Way: "rpc",
			Backends: []string{"graph", "judge"}, Nodes: 3, Series: someSeries, Rate: pacedRate,
			Durability: "journal", Neighbour: neighbour,
		})
	}
	return all
}

// lingerRows show how calls are put together at several rates. Each series comes
// once a second.
func lingerRows() (all []Row) {
	for _, rate := range []int{10_000, 100_000, 500_000} {
		for _, nodes := range nodeCounts() {
			all = append(all, Row{
				Name: fmt.Sprintf("linger-%dk-%d", rate/1000, nodes), Group: "linger", Subject: "transfer",
				Way: "rpc", Backends: alarmAndGraph(), Nodes: nodes, Series: rate, Rate: rate,
			})
		}
	}
	return all
}

// peerRows are the programs that the relay is compared with.
func peerRows() []Row {
	return []Row{
		{Name: "carbon-c-relay", Group: "peers", Subject: "carbon-c-relay", Way: "graphite", Backends: []string{"graphite"}, Nodes: 3, Series: fewSeries},
		{Name: "vmagent", Group: "peers", Subject: "vmagent", Way: "opentsdb", Backends: []string{"prometheus"}, Nodes: 1, Series: fewSeries},
		{Name: "plain", Group: "peers", Subject: "plain", Way: "rpc", Backends: alarmAndGraph(), Nodes: 3, Series: fewSeries},
	}
}

// chosen returns the rows whose name or group the expression matches.
func chosen(rows []Row, expression string) (some []Row, err error) {
	matches, err := regexp.Compile(expression)
	if err != nil {
		return nil, fmt.Errorf("cannot choose rows by %q: %w", expression, err)
	}
	for _, row := range rows {
		if matches.MatchString(row.Name) || matches.MatchString(row.Group) {
			some = append(some, row)
		}
	}
	if len(some) == 0 {
		return nil, fmt.Errorf("cannot choose rows: none matches %q; --list shows all", expression)
	}
	return some, nil
}

// pointsFor returns how many of points, which is what the relay plays in a run at full
// speed on its shortest path, a row plays to take about as long.
func pointsFor(row Row, points int) int {
	switch {
	case row.Subject == "plain":
		return points / 10
	case row.Subject == "carbon-c-relay", len(row.Backends) > len(alarmAndGraph()):
		return points / 3
	}
	return points
}
