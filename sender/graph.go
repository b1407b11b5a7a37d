package sender

import (
	"time"

	"transfer/g"
	"transfer/g/metric"
)

// GraphItem is a point as Open-Falcon's graph takes it, in Graph.Send (falcon-plus,
// common/model).
type GraphItem struct {
	Endpoint  string
	Metric    string
	Tags      map[string]string
	Value     float64
	Timestamp int64
	DsType    string
	Step      int
	Heartbeat int
	Min       string
	Max       string
}

// graph sends to Open-Falcon's graph, which stores points in RRD files.
type graph struct {
	gobService
	pace
}

func newGraph(section *g.Backend, minStep int) (plan, error) {
	if err := checkNodes(section, "6070"); err != nil {
		return plan{}, err
	}
	service, err := newGobService(section, "Graph.Send", []*GraphItem{})
	if err != nil {
		return plan{}, err
	}
	service.ping = "Graph.Ping"
	return plan{
		Backend: &graph{gobService: service, pace: newPace(minStep)},
		Rules: Rules{
			Encoding: "graph/1",
			// graph answers first and applies each call in a goroutine of its own: the
			// next call may overtake it, and graph discards what is late.
			Settle: 10 * time.Millisecond,
		},
	}, nil
}

// Wants is true: graph takes every point.
func (b *graph) Wants(*metric.Point) bool { return true }

// AppendSeries appends all of a gob GraphItem but its value and timestamp. RRD knows
// rates of counters as DERIVE with the minimum 0, so that a restarted counter gives
// no negative rate.
func (b *graph) AppendSeries(dst []byte, p *metric.Point) []byte {
	dsType, low := "DERIVE", "0"
	if p.Type == metric.Gauge {
		dsType, low = "GAUGE", "U"
	}
	step := b.step(p)
	item := gobStruct{dst: beginHead(dst)}
	item.text(0, p.Endpoint)
	item.text(1, p.Metric)
	item.tags(2, p.Tags)
	item.cut(3, len(dst), dsType)
	item.int(6, step)
	item.int(7, 2*step)
	item.text(8, low)
	item.text(9, "U")
	return item.end()
}

// AppendItem appends the point as a gob GraphItem.
func (b *graph) AppendItem(dst, series []byte, p *metric.Point) []byte {
	return appendGobItem(dst, series, p.Value, b.timestamp(p))
}
