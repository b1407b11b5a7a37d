package check

import (
	"fmt"
	"slices"
	"strings"

	"transfer/g"
	"transfer/g/stat"
)

// subject is what the lints look at, and what they found.
type subject struct {
	*g.Config
	rings []stat.Ring
	hosts []string // names and addresses of this machine, beside localhost
	found []g.Finding
}

// Lint returns the known traps that cfg walks into, the warnings of its reading
// first. rings are those of cfg's backends; hosts are the names and addresses of
// the machine that the relay is to run on. It looks at nothing else.
func Lint(cfg *g.Config, rings []stat.Ring, hosts []string) []g.Finding {
	s := &subject{Config: cfg, rings: rings, hosts: hosts, found: slices.Clone(cfg.Warnings)}
	s.nothingIn()
	s.nothingOut()
	s.samePort()
	s.ownAddress()
	s.sharedAddress()
	s.nodeNames()
	s.unevenRing()
	s.otherReplicas()
	s.telnetLoss()
	s.tooMuchQueue()
	s.idleLanes()
	s.standIns()
	s.adminReach()
	s.debugOn()
	s.noMeaning()
	s.overflow()
	return s.found
}

func (s *subject) note(key, text, remedy string) {
	s.found = append(s.found, g.Finding{Key: key, Text: text, Remedy: remedy})
}

// listener is one receiver with the name of its section.
type listener struct {
	name string
	*g.Listener
}

// listeners returns the enabled receivers.
func (s *subject) listeners() []listener {
	var on []listener
	for _, l := range []listener{{"http", &s.HTTP}, {"rpc", &s.RPC}, {"socket", &s.Socket}} {
		if l.Enabled {
			on = append(on, l)
		}
	}
	return on
}

// ring returns the ring of a backend, nil when it has none.
func (s *subject) ring(backend string) *stat.Ring {
	for i := range s.rings {
		if s.rings[i].Backend == backend {
			return &s.rings[i]
		}
	}
	return nil
}

func (s *subject) nothingIn() {
	if len(s.listeners()) > 0 {
		return
	}
	s.note("rpc.enabled", "no receiver is enabled, so no point can come in",
		"enable rpc for agents, or http or socket")
}

func (s *subject) nothingOut() {
	if len(s.Backends) > 0 {
		return
	}
	s.note("graph.enabled", "no backend is enabled, so every point is accepted and goes nowhere",
		fmt.Sprintf("enable one or more of %s", strings.Join(g.BackendNames(), ", ")))
}

// unevenRing speaks of CRC32 only: murmur3 at 4,000 virtual points is even.
func (s *subject) unevenRing() {
	const enough = 1.25
	for i := range s.rings {
		r := &s.rings[i]
		if r.Hash != g.HashCRC32 || skew(r) <= enough {
			continue
		}
		s.note(r.Backend+".cluster",
			fmt.Sprintf("node %s gets %.2f x the mean share, since CRC32 spreads unevenly", printable(largest(r).Node), skew(r)),
			`plan its machine for that; more replicas, other names or "hash": "murmur3" would move series, so take them for a new cluster only`)
	}
}

func (s *subject) otherReplicas() {
	const queryDefault = 500
	for _, r := range s.rings {
		if r.Hash == g.HashCRC32 && r.Replicas != queryDefault {
			s.note(r.Backend+".replicas",
				fmt.Sprintf("%d virtual points a node, where the rest of a site has %d unless told", r.Replicas, queryDefault),
				"set the same number wherever this ring is computed (query, for graph), else series are looked for on the wrong node")
		}
	}
}
