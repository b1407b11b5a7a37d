package http

import (
	"github.com/prometheus/client_golang/prometheus"

	"transfer/g/stat"
)

// unitFamilies are the metrics of listeners and targets as units.
type unitFamilies struct{ state, restarts *prometheus.Desc }

func newUnitFamilies() unitFamilies {
	return unitFamilies{
		state:    describe("unit_state", "Always 1; the labels say which state the unit is in.", "unit", "state"),
		restarts: describe("unit_restarts_total", "Times that the unit started again after a panic.", "unit"),
	}
}

func (f unitFamilies) describe(descs chan<- *prometheus.Desc) {
	descs <- f.state
	descs <- f.restarts
}

func (f unitFamilies) collect(out chan<- prometheus.Metric, units []stat.Unit) {
	seen := make(map[string]bool, len(units))
	for _, u := range units {
		if seen[u.ID] { // a listener that has moved away: a metric stands for one of them
			continue
		}
		seen[u.ID] = true
		gauge(out, f.state, 1, u.ID, u.State)
		send(out, f.restarts, prometheus.CounterValue, float64(u.Restarts), u.ID)
	}
}
