package http

import "github.com/prometheus/client_golang/prometheus"

// siteFamilies are the metrics of what several relays share. A relay alone has none.
type siteFamilies struct{ version, redis, alive, disagree *prometheus.Desc }

func newSiteFamilies() siteFamilies {
	return siteFamilies{
		version:  describe("topology_version", "Version of the shared topology in force here, 0: none."),
		redis:    describe("redis_up", "1 while Redis answers, else 0."),
		alive:    describe("peers_alive", "Relays of the site that were heard of a moment ago, this one among them."),
		disagree: describe("peers_disagree", "1 while relays that are alive have different topologies or rings, else 0."),
	}
}

func (f siteFamilies) describe(descs chan<- *prometheus.Desc) {
	descs <- f.version
	descs <- f.redis
	descs <- f.alive
	descs <- f.disagree
}

func (f siteFamilies) collect(out chan<- prometheus.Metric, relay siteRelay) {
	topology := relay.Topology()
	if !topology.Enabled {
		return
	}
	gauge(out, f.version, float64(topology.Version))
	gauge(out, f.redis, oneIf(topology.Redis))
	peers := relay.Peers()
	gauge(out, f.alive, float64(peers.Alive))
	gauge(out, f.disagree, oneIf(!peers.Agree))
}
