package http

import (
	"context"
	"time"

	"transfer/g/metric"
	"transfer/g/stat"
)

// Relay is what the admin server shows. Every method may be called by many
// goroutines, from before the relay is ready until after it has stopped, and
// returns a snapshot that belongs to the caller, but for the receivers' counters,
// which are read in place.
type Relay interface {
	About() About
	// Ready returns nil when points are taken, else why not, in words for an
	// operator.
	Ready() error
	Health() Health
	// Config returns the effective configuration in the shape of the file, without
	// secrets.
	Config() any

	// Receivers returns the counters of the receivers, each name once.
	Receivers() []*stat.Receiver
	// Targets returns the targets in the order in which they are shown, each ID
	// once.
	Targets() []stat.Target
	ringRelay
	siteRelay

	// Spools returns what waits for the backends, Letters what they refused for good.
	Spools() Backlog
	Letters() Backlog
	// Resend sends the target's letters up to the number until again, 0: all, and removes
	// those that have a place in its queue. It returns how many, also with an error:
	// errors.Is with stat.ErrNoBacklog where there are none, or no such target, and with
	// stat.ErrOtherEncoding where all went but some that the target cannot get any more.
	Resend(ctx context.Context, target string, until uint64) (points uint64, err error)

	// Units returns the listeners, then the targets, each ID once; but a listener that
	// moves to another address is there a second time, later, until the old one has
	// ended. A target that is on its way out is among them until then, too.
	Units() []stat.Unit
	// Loaded tells of the configuration in force.
	Loaded() stat.Loaded
	// Reload applies the configuration file. On error nothing has changed. The errors
	// of these calls are, by errors.Is, stat.ErrMaxMove where force would help,
	// stat.ErrNoNode where there is no such backend or node, and stat.ErrTopology where
	// the nodes are not this relay's alone; any other one says what is wrong with what was
	// asked for. They return once the change is in force.
	Reload(force bool) (stat.Reloaded, error)
	// AddNode adds a node to a backend's ring, as the file would.
	AddNode(backend, name string, addresses []string, force bool) error
	// RemoveNode takes a node out of the ring. mode says what becomes of its backlog,
	// "reroute" or "drain"; empty: what the section's onRemove says.
	RemoveNode(backend, name, mode string, force bool) error
	// DrainNode takes a node out of the ring and sends it what waits for it;
	// ResumeNode takes it back.
	DrainNode(backend, name string) error
	ResumeNode(backend, name string) error

	// Upgrade returns what became of the upgrades of the process; StartUpgrade begins one
	// and does not wait for it.
	Upgrade() stat.Upgrade
	StartUpgrade() (stat.Upgrade, error)

	// Trace returns the last accepted points of a series, newest first. The first
	// call for a series arms it and lets go of the one before. tags are k=v,k2=v2.
	Trace(endpoint, name, tags string) []metric.Traced
	// Filter does the same for points whose value satisfies op (eq, ne, gt or lt)
	// against threshold. The texts of its errors are answered as they are.
	Filter(endpoint, name, op, threshold, tags string) ([]metric.Traced, error)
}

// About is what the relay says of itself.
type About struct {
	Name        string // of the product
	Version     string
	Commit      string
	Started     time.Time
	MinStep     int   // seconds
	MemoryLimit int64 // bytes that the process may use
}

// Health says what the relay can promise at the moment.
type Health struct {
	Durability string   `json:"durability"` // see the Durability constants
	Details    []string `json:"details"`    // what is amiss, in words for an operator
	Refusing   string   `json:"-"`          // why no points are taken, such as "stopping"; empty while they are, and during the start
	Journal    int64    `json:"-"`          // bytes of disk that the journal takes
}

// What becomes of an acknowledged point when the process is killed.
const (
	DurabilityOK       = "ok"       // kept, as configured
	DurabilityDegraded = "degraded" // lost, against the configuration
	DurabilityMemory   = "memory"   // lost, as configured
)
