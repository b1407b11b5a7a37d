package faults

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfer/sender/ring"
	"transfer/transfer/sink"
)

// site is all that stands behind a relay.
type site struct {
	t        *testing.T
	addrs    []address
	settings map[string]section // further keys of a backend's section
}

// address is one address of a backend.
type address struct {
	backend, node string
	in            standIn
	known         string // to the relay: the stand-in's own, or a proxy's
}

func newSite(t *testing.T) *site { return &site{t: t, settings: make(map[string]section)} }

// add puts a stand-in at a node, behind the address by which the relay knows it.
func (s *site) add(backend, node string, in standIn, known string) {
	s.addrs = append(s.addrs, address{backend, node, in, known})
}

// sink adds a stand-in of package sink.
func (s *site) sink(backend, node string) sinkIn {
	s.t.Helper()
	in := newSink(s.t, backend, freeAddress())
	s.add(backend, node, in, in.Addr())
	return in
}

// set sets a key of a backend's section.
func (s *site) set(backend, key string, value any) {
	if s.settings[backend] == nil {
		s.settings[backend] = make(section)
	}
	s.settings[backend][key] = value
}

// usualSite is a judge, and three graphs of which the first has two addresses.
func usualSite(t *testing.T) (s *site, judge sinkIn, graphs []sinkIn) {
	t.Helper()
	s = newSite(t)
	judge = s.sink("judge", "judge-00")
	for _, node := range []string{"graph-00", "graph-00", "graph-01", "graph-02"} {
		graphs = append(graphs, s.sink("graph", node))
	}
	return s, judge, graphs
}

// replicas is what the query side of a site has.
const replicas = 500

// spoolBytes is the cap of each target's spool in these tests.
const spoolBytes = 64 << 20

// sections returns the sections that point a relay at the site. Queues are small, so
// that outages of seconds need the disk.
func (s *site) sections() section {
	all := make(section)
	for backend, nodes := range s.nodes() {
		one := section{
			"enabled": true, "callTimeout": 500, "connTimeout": 500,
			"queueBytes": either("128KiB", "256KiB"), "spoolBytes": "64MiB",
		}
		switch backend {
		case "judge", "graph", "p8s_relay":
			one["replicas"], one["cluster"] = replicas, nodes
		case "transfer":
			one["cluster"] = section{"next": nodes[""]}
		case "influxdb":
			one["address"], one["db"], one["precision"] = "http://"+nodes[""], "falcon", "s"
			one["timeout"] = 500
			delete(one, "callTimeout")
		default:
			one["address"] = nodes[""]
		}
		maps.Copy(one, s.settings[backend])
		all[backend] = one
	}
	return all
}

// nodes returns, by backend and node, the addresses as a configuration lists them.
func (s *site) nodes() map[string]map[string]string {
	all := make(map[string]map[string]string)
	for _, a := range s.addrs {
		if all[a.backend] == nil {
			all[a.backend] = make(map[string]string)
		}
		nodes := all[a.backend]
		nodes[a.node] = strings.TrimPrefix(nodes[a.node]+","+a.known, ",")
	}
	return all
}

// owners returns for each backend with a ring who owns a series, by the ring of
// Open-Falcon.
func (s *site) owners() map[string]func(key string) string {
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
func (s *site) places() []place {
	var all []place
	for i := range s.addrs {
		a := &s.addrs[i]
		all = append(all, place{
			id: a.id(), backend: a.backend, node: a.node,
			points: a.in.Points(), discarded: a.in.discards(),
		})
	}
	return all
}

// id returns how the ledger names the address.
func (a *address) id() string {
	if a.node == "" {
		return a.backend
	}
	return a.backend + "/" + a.node + "/" + a.known
}

// idOf returns how the ledger names the stand-in.
func (s *site) idOf(in standIn) string {
	for i := range s.addrs {
		if s.addrs[i].in == in {
			return s.addrs[i].id()
		}
	}
	require.Fail(s.t, "not of this site")
	return ""
}

// dead is the fault of a process that is gone.
func dead() sink.Fault { return sink.Fault{Mode: sink.Refuse} }

// well is no fault.
func well() sink.Fault { return sink.Fault{} }
