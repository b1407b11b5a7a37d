// Package g is the ground floor: the configuration and the version, which every
// package may know. It holds no state and starts no goroutine.
package g

import "time"

// Config is a checked configuration with its defaults filled in. Load makes it;
// nobody changes it afterwards.
type Config struct {
	Path     string    // the file it was read from
	Warnings []Finding // what was read but has no effect, such as unknown keys

	Debug       bool
	MinStep     int    // seconds, at least 1; 30 where the file says less than 1
	Durability  string // journal, fsync or memory
	DataDir     string
	MemoryLimit Bytes  // what the whole process may use
	SeriesCache int    // entries; 0: no cache
	OnDiskError string // memory or refuse
	WatchConfig bool   // reload when the file changes
	LogFormat   string // text or json
	LogLevel    string // debug, info, warn or error

	HTTP   Listener
	RPC    Listener
	Socket Listener

	Redis Redis

	// Backends holds the enabled backend sections in the order of their names.
	Backends []*Backend
}

// Backend returns the section called name, nil when it is not enabled.
func (c *Config) Backend(name string) *Backend {
	for _, b := range c.Backends {
		if b.Name == name {
			return b
		}
	}
	return nil
}

// Listener is the section of one receiver.
type Listener struct {
	Enabled bool
	Listen  string // host:port or :port
	Limits
}

// Limits bound what one receiver takes on. Each has a default that no well-behaved
// site meets.
type Limits struct {
	Connections      int           // open at once
	ConnectionsPerIP int           // open at once from one address
	RequestBytes     Bytes         // of a request or body, decoded; of a line on the socket
	PointsPerRequest int           // elements of one request
	IdleTimeout      time.Duration // between requests
	HeaderTimeout    time.Duration // from a request's first byte to the end of its header
	RequestTimeout   time.Duration // from a request's first byte to its last; also for taking a reply
}

// Backend is one enabled backend section. Fields that a backend has no use for
// keep their defaults.
type Backend struct {
	Name           string
	Batch          int           // points of one call, unless a backlog drains
	ConnTimeout    time.Duration // to connect
	CallTimeout    time.Duration // from a call's first byte to the end of its reply
	MaxConns       int           // connections of one target at once
	Replicas       int           // virtual points a node; 0, which Load never leaves: the hash's default
	Hash           string        // crc32 or murmur3
	Nodes          []Node        // the cluster, sorted by name
	Address        string        // of a backend without a cluster
	DB             string
	Username       string
	Password       string
	Precision      string
	Protocol       string        // of tsdb: telnet or http
	NotSyncMetrics []string      // prefixes of metrics that stay out
	Lanes          int           // 0: the backend's default
	QueueBytes     Bytes         // memory of one target's queue
	SpoolBytes     Bytes         // disk of one target's spool
	MaxAge         time.Duration // how long a point may wait
	ProbeInterval  time.Duration // how long an address is silent before it is probed; 0: never
	EjectAfter     int           // failures in a row after which an address is down
	Balance        string        // of transfer: how lanes choose an address, see the Balance constants
	OnDown         string        // wait or failover
	OnRemove       string        // reroute or drain
	Handoff        time.Duration // 0: off
	MaxMove        float64       // share of series that a reload may move; 0: any
	Overflow       string        // disk, redis or disk+redis

	// The original's keys without a meaning left, kept to be mentioned; 0: not set.
	Retry, MaxIdle int
}

// Node is one node of a cluster. The ring knows its name, the senders its
// addresses, of which each gets every point.
type Node struct {
	Name      string
	Addresses []string // host:port
}

// Finding is what there is to say of one key of the file.
type Finding struct {
	Key    string // the path of the key, graph.cluster.graph-00
	Text   string // what is wrong
	Remedy string // what the operator can do; may be empty
}

// String returns the finding as one line, KEY: TEXT; REMEDY.
func (f Finding) String() string {
	s := f.Text
	if f.Key != "" {
		s = f.Key + ": " + s
	}
	if f.Remedy != "" {
		s += "; " + f.Remedy
	}
	return s
}
