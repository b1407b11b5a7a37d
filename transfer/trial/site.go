package trial

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/sender/ring"
	"transfer/transfer/sink"
)

// Site is all that stands behind a relay.
type Site struct {
	t        *testing.T
	suite    *Suite
	Addrs    []Address
	Settings map[string]Section // further keys of a backend's section
}

// Address is one address of a backend.
type Address struct {
	Backend, Node string
	In            StandIn
	Known         string // to the relay: the stand-in's own, or a proxy's
}

// NewSite returns a site where nobody is yet.
func (s *Suite) NewSite(t *testing.T) *Site {
	return &Site{t: t, suite: s, Settings: make(map[string]Section)}
}

// Add puts a stand-in at a node, behind the address by which the relay knows it.
func (s *Site) Add(backend, node string, in StandIn, known string) {
	s.Addrs = append(s.Addrs, Address{backend, node, in, known})
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

// replicas is what the query side of a site has.
const replicas = 500

// spoolBytes is the cap of each target's spool in these tests.
const spoolBytes = 64 << 20

// sections returns the sections that point a relay at the site. Queues are small, so
// that outages of seconds need the disk.
func (s *Site) sections() Section {
	all := make(Section)
	for backend, nodes := range s.nodes() {
		one := Section{
			"enabled": true, "callTimeout": 500, "connTimeout": 500,
			"queueBytes": Either(s.suite, "128KiB", "256KiB"), "spoolBytes": "64MiB",
		}
		switch backend {
		case "judge", "graph", "p8s_relay":
			one["replicas"], one["cluster"] = replicas, nodes
		case "transfer":
			one["cluster"] = Section{"next": nodes[""]}
		case "influxdb":
			one["address"], one["db"], one["precision"] = "http://"+nodes[""], "falcon", "s"
			one["timeout"] = 500
			delete(one, "callTimeout")
		default:
			one["address"] = nodes[""]
		}
		maps.Copy(one, s.Settings[backend])
		all[backend] = one
	}
	return all
}

// nodes returns, by backend and node, the addresses as a configuration lists them.
func (s *Site) nodes() map[string]map[string]string {
	all := make(map[string]map[string]string)
	for _, a := range s.Addrs {
		if all[a.Backend] == nil {
			all[a.Backend] = make(map[string]string)
		}
		nodes := all[a.Backend]
		nodes[a.Node] = strings.TrimPrefix(nodes[a.Node]+","+a.Known, ",")
	}
	return all
}

// Owners returns for each backend with a ring who owns a series, by the ring of
// Open-Falcon.
func (s *Site) Owners() map[string]func(key string) string {
	s.t.Helper()
	all := make(map[string]func(string) string)
	for backend, nodes := range s.nodes() {
		if _, group := nodes[""]; group {
			continue
		}
		r, err := ring.New(slices.Sorted(maps.Keys(nodes)), replicas, ring.CRC32)
		require.NoError(s.t, err)
		remembered := make(map[string]string)
		all[backend] = func(key string) string {
			node, ok := remembered[key]
			if !ok {
				node = r.Nodes()[r.Node(ring.CRC32.Sum(key))]
				remembered[key] = node
			}
			return node
		}
	}
	return all
}

// places returns what came to each address.
func (s *Site) places() []Place {
	var all []Place
	for i := range s.Addrs {
		a := &s.Addrs[i]
		all = append(all, Place{
			id: a.ID(), backend: a.Backend, node: a.Node,
			points: a.In.Points(), discarded: a.In.Discards(),
		})
	}
	return all
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

// Dead is the fault of a process that is gone.
func Dead() sink.Fault { return sink.Fault{Mode: sink.Refuse} }

// Well is no fault.
func Well() sink.Fault { return sink.Fault{} }
