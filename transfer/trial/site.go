package trial

import (
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/transfer/sink"
)

// Site is all that stands behind a relay.
type Site struct {
	t        *testing.T
	suite    *Suite
	Addrs    []Address
	Settings map[string]Section // further keys of a backend's section

	// Backwards turns the order around in which the file lists nodes.
	Backwards bool
}

// Address is one address of a backend.
type Address struct {
	Backend, Node string
	In            StandIn
	Known         string // to the relay: the stand-in's own, or a proxy's
	Away          bool   // not configured at the moment
}

// NewSite returns a site where nobody is yet.
func (s *Suite) NewSite(t *testing.T) *Site {
	return &Site{t: t, suite: s, Settings: make(map[string]Section)}
}

// Add puts a stand-in at a node, behind the address by which the relay knows it.
func (s *Site) Add(backend, node string, in StandIn, known string) {
	s.Addrs = append(s.Addrs, Address{Backend: backend, Node: node, In: in, Known: known})
}

// Sink adds a stand-in of package sink.
func (s *Site) Sink(backend, node string) SinkIn {
	s.t.Helper()
	in := NewSink(s.t, backend, s.suite.FreeAddress())
	s.Add(backend, node, in, in.Addr())
	return in
}

// Set sets a key of a backend's section.
func (s *Site) Set(backend, key string, value any) {
	if s.Settings[backend] == nil {
		s.Settings[backend] = make(Section)
	}
	s.Settings[backend][key] = value
}

// UsualSite is a judge, and three graphs of which the first has two addresses.
func (s *Suite) UsualSite(t *testing.T) (site *Site, judge SinkIn, graphs []SinkIn) {
	t.Helper()
	site = s.NewSite(t)
	judge = site.Sink("judge", "judge-00")
	for _, node := range []string{"graph-00", "graph-00", "graph-01", "graph-02"} {
		graphs = append(graphs, site.Sink("graph", node))
	}
	return site, judge, graphs
}

// places returns what came to each address.
func (s *Site) places() []place {
	var all []place
	for i := range s.Addrs {
		a := &s.Addrs[i]
		all = append(all, place{
			id: a.ID(), backend: a.Backend,
			points: a.In.Points(), discarded: a.In.Discards(), hasty: hasty(a.In),
		})
	}
	return all
}

// hasty returns how many points came too soon, for stand-ins that see that.
func hasty(in StandIn) int {
	if seer, sees := in.(interface{ Hasty() int }); sees {
		return seer.Hasty()
	}
	return 0
}

// ID returns how the ledger names the address.
func (a *Address) ID() string {
	if a.Node == "" {
		return a.Backend
	}
	return a.Backend + "/" + a.Node + "/" + a.Known
}

// IDOf returns how the ledger names the stand-in.
func (s *Site) IDOf(in StandIn) string {
	for i := range s.Addrs {
		if s.Addrs[i].In == in {
			return s.Addrs[i].ID()
		}
	}
	require.Fail(s.t, "not of this site")
	return ""
}

// isAway reports whether an address is not configured at the moment.
func (s *Site) isAway(id string) bool {
	for i := range s.Addrs {
		if s.Addrs[i].ID() == id {
			return s.Addrs[i].Away
		}
	}
	return false
}

// Dead is the fault of a process that is gone.
func Dead() sink.Fault { return sink.Fault{Mode: sink.Refuse} }

// Well is no fault.
func Well() sink.Fault { return sink.Fault{} }
