package http

import (
	"fmt"
	"log/slog"
	nethttp "net/http"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"transfer/g/stat"
)

// scrapesAtOnce bounds the work that scrapes can cause.
const scrapesAtOnce = 4

// metrics returns the handler of /metrics.
func (s *Server) metrics() nethttp.Handler {
	return promhttp.HandlerFor(newRegistry(s.relay), promhttp.HandlerOpts{
		ErrorLog:            slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: scrapesAtOnce,
	})
}

// newRegistry returns a registry of the relay's metrics and the process' own.
func newRegistry(relay Relay) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		newCollector(relay),
	)
	return registry
}

// family is one metric: how it is described and what its value is of one row T.
type family[T any] struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(row T) float64
}

// byReason is a counter that has a further label, reason.
type byReason[T any] struct {
	desc   *prometheus.Desc
	counts func(row T) map[string]uint64
}

// collector shows the relay's snapshots as metrics, read anew for each scrape.
type collector struct {
	relay Relay

	build, ready     *prometheus.Desc
	durable, journal *prometheus.Desc
	ringInfo, share  *prometheus.Desc
	config           configFamilies
	units            unitFamilies
	site             siteFamilies
	receivers        []family[*stat.Receiver]
	receiversReasons []byReason[*stat.Receiver]
	targets          []family[*stat.Target]
	targetsDropped   byReason[*stat.Target]
}

func newCollector(relay Relay) *collector {
	return &collector{
		relay:            relay,
		build:            describe("build_info", "Always 1; the labels say what runs.", "version", "commit", "goversion"),
		ready:            describe("ready", "1 when points are taken, else 0."),
		durable:          describe("durability", "1 while acknowledged points are kept as configured, 0 while they are not or are not meant to be."),
		journal:          describe("journal_bytes", "Bytes of disk that the journal takes."),
		ringInfo:         describe("ring_info", "Always 1; the labels describe the backend's ring.", "backend", "hash", "replicas", "fingerprint"),
		share:            describe("ring_share", "Part of all series that the ring gives to the node, 0 to 1.", "backend", "node"),
		config:           newConfigFamilies(),
		units:            newUnitFamilies(),
		site:             newSiteFamilies(),
		receivers:        receiverFamilies(),
		receiversReasons: receiverReasons(),
		targets:          targetFamilies(),
		targetsDropped:   targetsDropped(),
	}
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("transfer_"+name, help, labels, nil)
}

// Describe sends the descriptors of all metrics, as prometheus.Collector asks.
func (c *collector) Describe(descs chan<- *prometheus.Desc) {
	descs <- c.build
	descs <- c.ready
	descs <- c.durable
	descs <- c.journal
	descs <- c.ringInfo
	descs <- c.share
	c.config.describe(descs)
	c.units.describe(descs)
	c.site.describe(descs)
	for _, f := range c.receivers {
		descs <- f.desc
	}
	for _, f := range c.receiversReasons {
		descs <- f.desc
	}
	for _, f := range c.targets {
		descs <- f.desc
	}
	descs <- c.targetsDropped.desc
}

// Collect sends the relay's state as it is now, as prometheus.Collector asks. It runs in
// a goroutine of the registry's: a panic costs what was not sent yet.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	defer func() {
		if cause := recover(); cause != nil {
			out <- prometheus.NewInvalidMetric(c.build, fmt.Errorf("collector panicked: %v at %s", cause, debug.Stack()))
		}
	}()
	about := c.relay.About()
	gauge(out, c.build, 1, about.Version, about.Commit, runtime.Version())
	gauge(out, c.ready, oneIf(c.relay.Ready() == nil))
	health := c.relay.Health()
	gauge(out, c.durable, oneIf(health.Durability == DurabilityOK))
	gauge(out, c.journal, float64(health.Journal))
	for _, r := range c.relay.Receivers() {
		for _, f := range c.receivers {
			send(out, f.desc, f.kind, f.value(r), r.Name)
		}
		for _, f := range c.receiversReasons {
			sendReasons(out, f.desc, f.counts(r), r.Name)
		}
	}
	for _, t := range c.relay.Targets() {
		labels := []string{t.ID, t.Backend, t.Node, t.Address}
		for _, f := range c.targets {
			send(out, f.desc, f.kind, f.value(&t), labels...)
		}
		sendReasons(out, c.targetsDropped.desc, c.targetsDropped.counts(&t), labels...)
	}
	c.collectRings(out)
	c.config.collect(out, c.relay.Loaded())
	c.units.collect(out, c.relay.Units())
	c.site.collect(out, c.relay)
}

func gauge(out chan<- prometheus.Metric, desc *prometheus.Desc, v float64, labels ...string) {
	send(out, desc, prometheus.GaugeValue, v, labels...)
}

func sendReasons(out chan<- prometheus.Metric, desc *prometheus.Desc, counts map[string]uint64, labels ...string) {
	for reason, n := range counts {
		send(out, desc, prometheus.CounterValue, float64(n), append(labels[:len(labels):len(labels)], reason)...)
	}
}

// send sends one value. Names come from the configuration and may hold bytes that
// a label may not.
func send(out chan<- prometheus.Metric, desc *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
	clean := make([]string, len(labels))
	for i, label := range labels {
		clean[i] = strings.ToValidUTF8(label, "\uFFFD")
	}
	out <- prometheus.MustNewConstMetric(desc, kind, v, clean...)
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
