package main

import (
	"reflect"

	"transfer/g"
	"transfer/sender"
)

// routes is where points go, as far as it can change while they flow.
type routes interface {
	// Plan builds what cfg changes of the targets and changes nothing; Apply or Drop
	// of what it returns must follow. One at a time.
	Plan(cfg *g.Config) (rerouting, error)
}

// rerouting is a change of the targets that is built and not carried out yet.
type rerouting interface {
	// Clusters returns the enabled backends as they will be.
	Clusters() []*sender.Cluster
	// Routing returns what the journal has to know of where points go then.
	Routing() []byte
	// Moves returns, by backend, the share of all series whose node changes, 0 to 1.
	Moves() map[string]float64
	// Apply carries the change out, while nobody puts points into a Cluster.
	Apply()
	// Drop is instead of Apply.
	Drop()
}

// senderRoutes are those of a Sender.
type senderRoutes struct{ *sender.Sender }

// Plan implements routes.
func (r senderRoutes) Plan(cfg *g.Config) (rerouting, error) {
	change, err := r.Sender.Plan(cfg)
	if err != nil {
		return nil, err
	}
	return change, nil
}

// reroutes reports whether the targets have to know of the difference.
func reroutes(old, now *g.Config) bool {
	return old.MinStep != now.MinStep || old.MemoryLimit != now.MemoryLimit ||
		!reflect.DeepEqual(bare(old).Backends, bare(now).Backends)
}
