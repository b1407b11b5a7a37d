// Package rings shows where series go and what a change of a ring would move: the
// command `transfer ring`.
//
// It looks at the rings of a relay that runs, by its admin server, or at those of a
// configuration. A relay has its comparison of rings from here too.
package rings

import (
	"fmt"
	"log/slog"

	"transfer/g"
	"transfer/g/stat"
	"transfer/sender"
	"transfer/sender/ring"
)

// backendRing is the ring of one backend and what is shown of it.
type backendRing struct {
	stat.Ring
	ring *ring.Ring
}

// plan returns the ring as a relay is asked about it.
func (b *backendRing) plan() stat.RingPlan {
	return stat.RingPlan{Backend: b.Backend, Hash: b.Hash, Replicas: b.Replicas, Nodes: b.ring.Nodes()}
}

// fromConfig returns the rings of a configuration. Its errors name the key at fault.
func fromConfig(cfg *g.Config) ([]backendRing, error) {
	s, err := sender.New(cfg, slog.New(slog.DiscardHandler), sender.Storage{}) // dials nothing, owns nothing
	if err != nil {
		return nil, err
	}
	built := make(map[string]*ring.Ring)
	for _, c := range s.Clusters() {
		built[c.Name()] = c.Ring()
	}
	var all []backendRing
	for _, r := range s.Rings() {
		all = append(all, backendRing{r, built[r.Backend]})
	}
	return all, nil
}

// maxPoints bounds the ring that is built of a relay's answer, in virtual points: as
// many as a configuration may ask for.
const maxPoints = 1 << 27

// fromStatus builds the rings that a relay says it has.
func fromStatus(shown []stat.Ring) ([]backendRing, error) {
	var all []backendRing
	for _, r := range shown {
		b := backendRing{Ring: r}
		plan := stat.RingPlan{Replicas: r.Replicas}
		for _, s := range r.Shares {
			plan.Nodes = append(plan.Nodes, s.Node)
		}
		err := plan.Check(maxPoints)
		if err == nil {
			var hash ring.Hash
			if hash, err = ring.ParseHash(r.Hash); err == nil {
				b.ring, err = ring.New(plan.Nodes, r.Replicas, hash)
			}
		}
		if err == nil && b.ring.Fingerprint() != r.Fingerprint {
			err = fmt.Errorf("its fingerprint %s is not that of its nodes, %s", r.Fingerprint, b.ring.Fingerprint())
		}
		if err != nil {
			return nil, fmt.Errorf("cannot use the ring of %s: %w", r.Backend, err)
		}
		all = append(all, b)
	}
	return all, nil
}

// find returns the ring of a backend, nil if there is none.
func find(all []backendRing, backend string) *backendRing {
	for i := range all {
		if all[i].Backend == backend {
			return &all[i]
		}
	}
	return nil
}
