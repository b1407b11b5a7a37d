package g

import (
	"math"
	"os"
	"time"
)

// newConfig returns the configuration of an empty file.
func newConfig(path string) *Config {
	c := &Config{
		Path:        path,
		MinStep:     defaultMinStep,
		Durability:  "journal",
		DataDir:     "./var/transfer",
		MemoryLimit: max(machineMemory(os.DirFS("/"))/2/MiB*MiB, leastMemory),
		SeriesCache: 1_000_000,
		OnDiskError: "memory",
		LogFormat:   "text",
		LogLevel:    "info",
		HTTP:        newListener("0.0.0.0:6060"),
		RPC:         newListener("0.0.0.0:8433"),
		Socket:      newListener("0.0.0.0:4444"),
		Redis:       newRedis(),
	}
	c.Socket.RequestBytes = 64 * KiB // of a line
	return c
}

// leastMemory is the lowest memoryLimit: the program itself takes some 20 MiB.
const leastMemory = 64 * MiB

// defaultMinStep is judge's and graph's least step where the file gives none, in
// seconds.
const defaultMinStep = 30

// keys returns the keys of the file, sections included, in the order in which
// they are shown.
func (c *Config) keys() []key {
	all := []key{
		flag("debug", &c.Debug),
		c.minStep(),
		oneOf("durability", &c.Durability, "journal", "fsync", "memory"),
		words("dataDir", &c.DataDir),
		size("memoryLimit", &c.MemoryLimit, leastMemory, 1024*TiB),
		whole("seriesCache", &c.SeriesCache, 0, 1_000_000_000),
		oneOf("onDiskError", &c.OnDiskError, "memory", "refuse"),
		flag("watchConfig", &c.WatchConfig),
		oneOf("logFormat", &c.LogFormat, "text", "json"),
		oneOf("logLevel", &c.LogLevel, "debug", "info", "warn", "error"),
		c.HTTP.section("http", c.HTTP.requestKeys),
		c.RPC.section("rpc", c.RPC.requestKeys),
		c.Socket.section("socket", c.Socket.lineKeys),
		c.Redis.section(),
	}
	for _, traits := range backends() {
		all = append(all, c.backendSection(traits))
	}
	return all
}

// minStep is as in the original: what is less than 1 becomes 30.
func (c *Config) minStep() key {
	k := whole("minStep", &c.MinStep, math.MinInt32, math.MaxInt32)
	read := k.read
	k.read = func(at place, raw []byte) {
		if read(at, raw); c.MinStep < 1 {
			c.MinStep = defaultMinStep
		}
	}
	return k
}

// newListener returns a disabled listener with its defaults.
func newListener(listen string) Listener {
	return Listener{Listen: listen, Limits: Limits{
		Connections:      16384,
		ConnectionsPerIP: 8192,
		RequestBytes:     32 * MiB,
		PointsPerRequest: 200_000,
		IdleTimeout:      time.Hour,
		HeaderTimeout:    10 * time.Second,
		RequestTimeout:   time.Minute,
	}}
}

// section is the listener's section, with the keys that its protocol has.
func (l *Listener) section(name string, keys func() []key) key {
	return section(name,
		func(at place, members []member) {
			l.Enabled = true
			readKeys(at, members, keys())
		},
		func() []key {
			if !l.Enabled {
				return nil
			}
			return keys()
		})
}

// requestKeys are the keys of the receivers that take requests.
func (l *Listener) requestKeys() []key {
	return []key{
		isEnabled(),
		endpoint("listen", &l.Listen),
		whole("connections", &l.Connections, 1, maxConnections),
		whole("connectionsPerIP", &l.ConnectionsPerIP, 1, maxConnections),
		size("requestBytes", &l.RequestBytes, KiB, GiB),
		whole("pointsPerRequest", &l.PointsPerRequest, 1, 10_000_000),
		span("idleTimeout", &l.IdleTimeout),
		span("headerTimeout", &l.HeaderTimeout),
		span("requestTimeout", &l.RequestTimeout),
	}
}

// lineKeys are the keys of the line socket: its idle timeout has the original's
// name and unit.
func (l *Listener) lineKeys() []key {
	return []key{
		isEnabled(),
		endpoint("listen", &l.Listen),
		ticks("timeout", &l.IdleTimeout, time.Second),
		whole("connections", &l.Connections, 1, maxConnections),
		whole("connectionsPerIP", &l.ConnectionsPerIP, 1, maxConnections),
		size("lineBytes", &l.RequestBytes, KiB, 16*MiB),
	}
}

// maxConnections is more than a process has descriptors for.
const maxConnections = 1_000_000
