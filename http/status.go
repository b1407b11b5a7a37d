package http

import (
	"runtime/metrics"
	"time"

	"github.com/gin-gonic/gin"

	"transfer/g/stat"
)

// status is the reply of /api/status: all that the page shows. Rates are means
// over the last seconds.
type status struct {
	Name      string        `json:"name"`
	Version   string        `json:"version"`
	Commit    string        `json:"commit"`
	Uptime    float64       `json:"uptimeSeconds"`
	Ready     bool          `json:"ready"`
	NotReady  string        `json:"notReady,omitempty"` // the reason
	Refusing  string        `json:"refusing,omitempty"` // the reason
	Health    Health        `json:"health"`
	Memory    memory        `json:"memory"`
	Balanced  bool          `json:"balanced"`
	Totals    stat.Ledger   `json:"totals"`
	Receivers []receiverRow `json:"receivers"`
	Targets   []targetRow   `json:"targets"`
	Units     []unitRow     `json:"units"`
	Rings     []stat.Ring   `json:"rings"`
	Site      *site         `json:"site,omitempty"` // nil: the relay is one alone
	History   history       `json:"history"`
}

// memory is in bytes.
type memory struct {
	Used  uint64 `json:"used"`
	Limit int64  `json:"limit"`
}

type receiverRow struct {
	Name        string            `json:"name"`
	Accepted    uint64            `json:"accepted"` // points
	Refused     map[string]uint64 `json:"refused"`  // points by reason
	Requests    uint64            `json:"requests"`
	Troubles    map[string]uint64 `json:"troubles"` // connections and requests by reason
	Connections int64             `json:"connections"`
	Points      float64           `json:"pointsPerSecond"`
	RequestRate float64           `json:"requestsPerSecond"`
}

type targetRow struct {
	stat.Target
	Balanced  bool    `json:"balanced"`
	Accepted  float64 `json:"acceptedPerSecond"`
	Delivered float64 `json:"deliveredPerSecond"`
}

func (s *Server) status(c *gin.Context) {
	about, targets := s.relay.About(), s.relay.Targets()
	books := openBooks(targets)
	health := healthOf(s.relay)
	reply := status{
		Name: about.Name, Version: about.Version, Commit: about.Commit,
		Uptime:    time.Since(about.Started).Seconds(),
		Ready:     true,
		Refusing:  health.Refusing,
		Health:    health,
		Memory:    memory{memoryUsed(), about.MemoryLimit},
		Balanced:  books.Balanced,
		Totals:    books.Totals,
		Receivers: s.receiverRows(),
		Targets:   s.targetRows(targets),
		Units:     unitRows(s.relay.Units(), anyUnit),
		Rings:     append([]stat.Ring{}, s.relay.Rings()...),
		Site:      siteOf(s.relay),
		History:   s.rates.past(),
	}
	if err := s.relay.Ready(); err != nil {
		reply.Ready, reply.NotReady = false, err.Error()
	}
	replyJSON(c, reply)
}

func (s *Server) receiverRows() []receiverRow {
	rows := []receiverRow{}
	for _, r := range s.relay.Receivers() {
		rows = append(rows, receiverRow{
			Name:        r.Name,
			Accepted:    r.Accepted.Load(),
			Refused:     r.Refused.NonZero(),
			Requests:    r.Requests.Load(),
			Troubles:    r.Closed.NonZero(),
			Connections: r.Open.Load(),
			Points:      s.rates.rate(acceptedBy(r.Name)),
			RequestRate: s.rates.rate(requestsOf(r.Name)),
		})
	}
	return rows
}

func (s *Server) targetRows(targets []stat.Target) []targetRow {
	rows := make([]targetRow, len(targets))
	for i, t := range targets {
		rows[i] = targetRow{t, t.Balanced(), s.rates.rate(acceptedFor(t.ID)), s.rates.rate(deliveredTo(t.ID))}
		if t.Dropped == nil {
			rows[i].Dropped = map[string]uint64{}
		}
	}
	return rows
}

// memoryUsed returns the bytes that the process holds: in a static binary without
// C, what the Go runtime got from the system and did not give back.
func memoryUsed() uint64 {
	samples := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64()
}
