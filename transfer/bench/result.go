// Package bench measures the relay and its peers as whole processes: it starts
// one, plays load that was encoded beforehand, counts what arrives at cheap
// stand-ins, and reports cost, latency and memory.
package bench

import "time"

// Row is one line of the table: a process, what is played into it and where that
// goes.
type Row struct {
	Name    string `json:"name"`    // unique, such as rpc-graph-judge-3
	Group   string `json:"group"`   // rows that are compared: path, series, journal, paced, isolation, linger, peers
	Subject string `json:"subject"` // transfer, plain, carbon-c-relay or vmagent
	Way     string `json:"way"`     // in: rpc, http, socket, graphite or opentsdb
	// Backends are where the points go, by the names of the configuration's
	// sections; graphite or prometheus for peers.
	Backends []string `json:"backends"`
	Nodes    int      `json:"nodes"` // of each backend that has a ring
	Series   int      `json:"series"`
	Random   bool     `json:"random"` // series in random order; else each in its agent's steady order
	Rate     int      `json:"rate"`   // points/s; 0: full speed
	// Durability is the relay's setting of that name; empty: memory.
	Durability string `json:"durability,omitempty"`
	// Neighbour is a second address of the first node of the first backend, which is to
	// change nothing for all others: well or hung; empty: there is none.
	Neighbour string `json:"neighbour,omitempty"`
}

// Run is one measurement of a Row.
type Run struct {
	Points  int           `json:"points"`   // accepted, in the measured part
	Took    time.Duration `json:"took_ns"`  // first point sent to last point delivered
	CPU     time.Duration `json:"cpu_ns"`   // of the process, user and system
	Share   float64       `json:"share"`    // delivered of what the backends should get; 1: all
	Memory  int64         `json:"peak_rss"` // bytes, the highest resident set
	Ack     Latency       `json:"ack"`      // request sent to reply read; zero where there is no reply
	Arrival Latency       `json:"arrival"`  // request sent to point read by a backend; zero at full speed
}

// Latency holds percentiles of one run.
type Latency struct {
	P50 time.Duration `json:"p50_ns"`
	P99 time.Duration `json:"p99_ns"`
}

// Result is a Row with all its Runs.
type Result struct {
	Row  Row   `json:"row"`
	Runs []Run `json:"runs"`
}

// CPUPerPoint returns the CPU time that the process took for each accepted point.
func (r Run) CPUPerPoint() time.Duration {
	if r.Points == 0 {
		return 0
	}
	return r.CPU / time.Duration(r.Points)
}

// PointsPerSecond returns the rate of the run.
func (r Run) PointsPerSecond() float64 {
	if r.Took <= 0 {
		return 0
	}
	return float64(r.Points) / r.Took.Seconds()
}
