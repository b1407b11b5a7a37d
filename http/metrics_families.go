package http

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"transfer/g/stat"
)

func receiverFamilies() []family[*stat.Receiver] {
	row := func(name, help string, kind prometheus.ValueType, value func(*stat.Receiver) float64) family[*stat.Receiver] {
		return family[*stat.Receiver]{describe(name, help, "receiver"), kind, value}
	}
	return []family[*stat.Receiver]{
		row("received_points_total", "Valid points taken in.", prometheus.CounterValue,
			func(r *stat.Receiver) float64 { return float64(r.Accepted.Load()) }),
		row("receiver_requests_total", "Requests understood.", prometheus.CounterValue,
			func(r *stat.Receiver) float64 { return float64(r.Requests.Load()) }),
		row("receiver_connections", "Connections open.", prometheus.GaugeValue,
			func(r *stat.Receiver) float64 { return float64(r.Open.Load()) }),
	}
}

func receiverReasons() []byReason[*stat.Receiver] {
	return []byReason[*stat.Receiver]{
		{describe("refused_points_total", "Invalid points, by reason.", "receiver", "reason"),
			func(r *stat.Receiver) map[string]uint64 { return r.Refused.All() }},
		{describe("receiver_troubles_total", "Connections and requests turned away as a whole, by reason.", "receiver", "reason"),
			func(r *stat.Receiver) map[string]uint64 { return r.Closed.All() }},
	}
}

func targetFamilies() []family[*stat.Target] {
	row := func(kind prometheus.ValueType, name, help string, value func(*stat.Target) float64) family[*stat.Target] {
		return family[*stat.Target]{describe("target_"+name, help, "target", "backend", "node", "address"), kind, value}
	}
	counter := func(name, help string, count func(*stat.Target) uint64) family[*stat.Target] {
		return row(prometheus.CounterValue, name, help, func(t *stat.Target) float64 { return float64(count(t)) })
	}
	gauge := func(name, help string, value func(*stat.Target) float64) family[*stat.Target] {
		return row(prometheus.GaugeValue, name, help, value)
	}
	return []family[*stat.Target]{
		counter("accepted_points_total", "Points meant for the target and acknowledged.",
			func(t *stat.Target) uint64 { return t.Accepted }),
		counter("moved_in_points_total", "Points taken over from other targets.",
			func(t *stat.Target) uint64 { return t.MovedIn }),
		counter("delivered_points_total", "Points taken by the backend.",
			func(t *stat.Target) uint64 { return t.Delivered }),
		counter("moved_out_points_total", "Points handed to other targets.",
			func(t *stat.Target) uint64 { return t.MovedOut }),
		counter("resent_points_total", "Points sent again.",
			func(t *stat.Target) uint64 { return t.Resent }),
		counter("failed_points_total", "Points in failed calls, each attempt.",
			func(t *stat.Target) uint64 { return t.Failed }),
		counter("rejected_points_total", "Points delivered that the backend then complained of.",
			func(t *stat.Target) uint64 { return t.Rejected }),
		counter("replayed_points_total", "Points accepted that the journal brought back after a restart.",
			func(t *stat.Target) uint64 { return t.Replayed }),
		counter("ledger_mismatches_total", "Times that the target's ledger was looked at and did not balance.",
			func(t *stat.Target) uint64 { return t.Mismatches }),
		counter("calls_total", "Calls answered.",
			func(t *stat.Target) uint64 { return t.Calls }),
		counter("dials_total", "Connections made.",
			func(t *stat.Target) uint64 { return t.Dials }),
		gauge("queued_points", "Points waiting or in flight.",
			func(t *stat.Target) float64 { return float64(t.Queued) }),
		gauge("queued_bytes", "Bytes of memory held by the points waiting or in flight.",
			func(t *stat.Target) float64 { return float64(t.QueuedBytes) }),
		gauge("spooled", "1 while points that come wait behind others in Redis or on disk, else 0.",
			func(t *stat.Target) float64 { return oneIf(t.Spooled) }),
		gauge("redis_points", "Points of those waiting that lie in Redis, for all that is known.",
			func(t *stat.Target) float64 { return float64(t.RedisPoints) }),
		gauge("redis_bytes", "Bytes of Redis' memory that the points waiting take, about.",
			func(t *stat.Target) float64 { return float64(t.RedisBytes) }),
		gauge("spool_points", "Points of those waiting that lie on disk.",
			func(t *stat.Target) float64 { return float64(t.SpoolPoints) }),
		gauge("spool_bytes", "Bytes of disk that the points waiting take.",
			func(t *stat.Target) float64 { return float64(t.SpoolBytes) }),
		gauge("dead_letters", "Points kept that the backend refused for good.",
			func(t *stat.Target) float64 { return float64(t.DeadLetters) }),
		gauge("oldest_point_age_seconds", "Age of the oldest point that waits, 0 when none does.",
			func(t *stat.Target) float64 { return t.OldestSeconds }),
		gauge("connections", "Connections open.",
			func(t *stat.Target) float64 { return float64(t.Open) }),
		gauge("up", "0 while the last attempt to reach the target has failed, else 1.",
			func(t *stat.Target) float64 { return oneIf(t.State != stat.StateDown) }),
		gauge("balanced", "1 when every point of the target is accounted for, else 0.",
			func(t *stat.Target) float64 { return oneIf(t.Balanced()) }),
	}
}

func targetsDropped() byReason[*stat.Target] {
	return byReason[*stat.Target]{
		describe("target_dropped_points_total", "Points given up, by reason.", "target", "backend", "node", "address", "reason"),
		func(t *stat.Target) map[string]uint64 { return t.Dropped },
	}
}

func (c *collector) collectRings(out chan<- prometheus.Metric) {
	for _, r := range c.relay.Rings() {
		gauge(out, c.ringInfo, 1, r.Backend, r.Hash, strconv.Itoa(r.Replicas), r.Fingerprint)
		for _, s := range r.Shares {
			gauge(out, c.share, s.Share, r.Backend, s.Node)
		}
	}
}
