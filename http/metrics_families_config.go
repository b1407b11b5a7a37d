package http

import (
	"github.com/prometheus/client_golang/prometheus"

	"transfer/g/stat"
)

// configFamilies are the metrics of the configuration in force.
type configFamilies struct{ hash, loaded, failed, reloads *prometheus.Desc }

func newConfigFamilies() configFamilies {
	return configFamilies{
		hash:    describe("config_hash", "Hash of the effective configuration: the same where it is the same."),
		loaded:  describe("config_loaded_timestamp_seconds", "When the configuration in force was loaded."),
		failed:  describe("config_reload_failed", "1 when the last reload was refused, else 0."),
		reloads: describe("reloads_total", "Reloads, by what came of them.", "result"),
	}
}

func (f configFamilies) describe(descs chan<- *prometheus.Desc) {
	descs <- f.hash
	descs <- f.loaded
	descs <- f.failed
	descs <- f.reloads
}

func (f configFamilies) collect(out chan<- prometheus.Metric, l stat.Loaded) {
	gauge(out, f.hash, float64(l.Hash))
	gauge(out, f.loaded, float64(l.At.UnixMilli())/1000)
	gauge(out, f.failed, oneIf(l.Failed != ""))
	for _, result := range stat.ReloadResults() {
		send(out, f.reloads, prometheus.CounterValue, float64(l.Reloads[result]), result)
	}
}
