package g

import (
	"math"
	"slices"
	"strings"
	"time"
)

// traits is what sets one backend section apart from the others.
type traits struct {
	name      string
	ring      bool          // its cluster is a ring, not a group of equals
	timeout   string        // the key of CallTimeout
	maxAge    time.Duration // the defaults of its own keys
	protocol  string
	precision string
	balance   string
}

// backends is the list of the file's backend sections, sorted by name. judge looks
// at no point's age, so that an old one raises a late alarm; a new RRD of graph
// takes nothing older than 24 h.
func backends() []traits {
	return []traits{
		{name: "graph", ring: true, timeout: "callTimeout", maxAge: 12 * time.Hour},
		{name: "influxdb", timeout: "timeout", maxAge: 24 * time.Hour, precision: "ns"},
		{name: "judge", ring: true, timeout: "callTimeout", maxAge: 10 * time.Minute},
		{name: "p8s_relay", ring: true, timeout: "callTimeout", maxAge: 24 * time.Hour},
		{name: "transfer", timeout: "callTimeout", maxAge: 24 * time.Hour, balance: BalanceSticky},
		{name: "tsdb", timeout: "callTimeout", maxAge: 24 * time.Hour, protocol: "telnet"},
	}
}

// BackendNames returns the names of the backend sections, sorted.
func BackendNames() []string {
	var names []string
	for _, t := range backends() {
		names = append(names, t.name)
	}
	return names
}

// HasRing reports whether a backend's cluster is a ring.
func HasRing(backend string) bool {
	return slices.ContainsFunc(backends(), func(t traits) bool { return t.name == backend && t.ring })
}

// The hashes of a ring and the virtual points a node that each takes for an even
// spread. 500 is what the query side of a site computes with.
const (
	HashCRC32       = "crc32"
	HashMurmur3     = "murmur3"
	crc32Replicas   = 500
	murmur3Replicas = 4000
)

// How a lane of a group chooses the address for its next call.
const (
	BalanceSticky        = "sticky"        // it stays with one until that fails
	BalanceRoundRobin    = "roundRobin"    // each in turn
	BalanceLeastInFlight = "leastInFlight" // the one with the fewest bytes in flight
)

// newBackend returns a section with its defaults.
func newBackend(t traits) *Backend {
	return &Backend{
		Name:          t.name,
		Batch:         200,
		ConnTimeout:   time.Second,
		CallTimeout:   5 * time.Second,
		MaxConns:      32,
		Hash:          HashCRC32,
		Protocol:      t.protocol,
		Precision:     t.precision,
		MaxAge:        t.maxAge,
		QueueBytes:    16 * MiB,
		SpoolBytes:    4 * GiB,
		ProbeInterval: 5 * time.Second,
		EjectAfter:    3,
		Balance:       t.balance,
		OnDown:        "wait",
		OnRemove:      "reroute",
		Overflow:      "disk",
	}
}

// backendSection is the section of one backend: it adds the backend to the
// configuration when it is enabled.
func (c *Config) backendSection(t traits) key {
	return section(t.name,
		func(at place, members []member) {
			b := newBackend(t)
			readKeys(at, members, b.keys(t))
			if b.Replicas == 0 {
				b.Replicas = crc32Replicas
				if b.Hash == HashMurmur3 {
					b.Replicas = murmur3Replicas
				}
			}
			c.Backends = append(c.Backends, b)
			slices.SortFunc(c.Backends, func(x, y *Backend) int { return strings.Compare(x.Name, y.Name) })
		},
		func() []key {
			if b := c.Backend(t.name); b != nil {
				return b.keys(t)
			}
			return nil
		})
}

// keys returns the keys of a backend's section. Each is read in every section;
// shown are those that say something of this one.
func (b *Backend) keys(t traits) []key {
	all := []key{
		isEnabled(),
		whole("batch", &b.Batch, 1, 100_000),
		ticks("connTimeout", &b.ConnTimeout, time.Millisecond),
		ticks(t.timeout, &b.CallTimeout, time.Millisecond),
		whole("maxConns", &b.MaxConns, 1, math.MaxUint16),
		unused("maxIdle", &b.MaxIdle),
		unused("retry", &b.Retry),
		hideZero(&b.Lanes, whole("lanes", &b.Lanes, 1, 1024)),
		size("queueBytes", &b.QueueBytes, 64*KiB, 1024*GiB),
		size("spoolBytes", &b.SpoolBytes, MiB, 1024*TiB),
		span("maxAge", &b.MaxAge),
		oneOf("overflow", &b.Overflow, "disk", "redis", "disk+redis"),
		spanOrOff("probeInterval", &b.ProbeInterval),
		whole("ejectAfter", &b.EjectAfter, 1, 1000),
		hideZero(&b.Balance, oneOf("balance", &b.Balance, BalanceSticky, BalanceRoundRobin, BalanceLeastInFlight)),
		oneOf("onDown", &b.OnDown, "wait", "failover"),
		hideZero(&b.Protocol, oneOf("protocol", &b.Protocol, "telnet", "http")),
		hideZero(&b.Address, address(&b.Address)),
		hideZero(&b.DB, words("db", &b.DB)),
		hideZero(&b.Username, words("username", &b.Username)),
		hideZero(&b.Password, secret("password", &b.Password)),
		hideZero(&b.Precision, words("precision", &b.Precision)),
		wordList("notSyncMetrics", &b.NotSyncMetrics),
	}
	ring := []key{
		oneOf("hash", &b.Hash, HashCRC32, HashMurmur3),
		whole("replicas", &b.Replicas, 1, 100_000),
		oneOf("onRemove", &b.OnRemove, "reroute", "drain"),
		hideZero(&b.Handoff, span("handoff", &b.Handoff)),
		hideZero(&b.MaxMove, fraction("maxMove", &b.MaxMove)),
	}
	for _, k := range ring {
		if !t.ring {
			k.show = nil
		}
		all = append(all, k)
	}
	return append(all, cluster("cluster", &b.Nodes), clusterList(&b.Nodes))
}
