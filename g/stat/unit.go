package stat

import (
	"errors"
	"time"
)

// Unit is a part of the relay that has an id and a life of its own: a listener or a
// target.
type Unit struct {
	ID       string    `json:"id"`   // listener/NAME, or the target's id
	Kind     string    `json:"kind"` // see the Kind constants
	Backend  string    `json:"backend,omitempty"`
	Node     string    `json:"node,omitempty"`
	Address  string    `json:"address"`             // comma-separated for a group
	State    string    `json:"state"`               // see the Unit constants
	Error    string    `json:"lastError,omitempty"` // the last one, also when it is over
	Restarts uint64    `json:"restarts"`            // after a panic
	Since    time.Time `json:"-"`                   // when it came into its state, the zero time where that is not known
	Differs  string    `json:"differs,omitempty"`   // in words, from the configuration file
}

// ListenerID returns the id of the listener called name: rpc, http or socket.
func ListenerID(name string) string { return "listener/" + name }

// The kinds of a Unit.
const (
	KindListener = "listener"
	KindTarget   = "target"
)

// The states of a Unit.
const (
	UnitStarting = "starting" // bound and not read yet, or nothing was sent yet
	UnitUp       = "up"
	UnitProbing  = "probing"  // it fails, and is tried again and again
	UnitDraining = "draining" // it takes nothing new and ends when what it has is done
	UnitStopped  = "stopped"
)

// ErrNoNode says that a backend or a node is not there.
var ErrNoNode = errors.New("there is no such node")
