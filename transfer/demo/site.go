package demo

import (
	"strings"

	"transfer/transfer/sink"
)

// site is what stands behind the relay: stand-ins, by backend and node.
type site struct {
	nodes []node
	sinks []*sink.Sink
}

// node is one node of a backend. Its stand-ins are its addresses.
type node struct {
	backend, name string
	sinks         []*sink.Sink
}

// buildSite starts the stand-ins on free ports. One node of graph has two
// addresses, as sites have it that move their data.
func buildSite() (*site, error) {
	s := &site{}
	for _, n := range []struct {
		backend, name string
		addresses     []string // their stand-ins' names
	}{
		{"judge", "judge-00", []string{"judge-00"}},
		{"judge", "judge-01", []string{"judge-01"}},
		{"graph", "graph-00", []string{"graph-00-a", "graph-00-b"}},
		{"graph", "graph-01", []string{"graph-01"}},
		{"graph", "graph-02", []string{"graph-02"}},
		{"tsdb", "tsdb", []string{"tsdb"}},
		{"transfer", "transfer-00", []string{"transfer"}},
	} {
		built := node{backend: n.backend, name: n.name}
		for _, name := range n.addresses {
			one, err := sink.New(n.backend, "127.0.0.1:0", sink.Options{Name: name})
			if err != nil {
				s.close()
				return nil, err
			}
			built.sinks = append(built.sinks, one)
			s.sinks = append(s.sinks, one)
		}
		s.nodes = append(s.nodes, built)
	}
	return s, nil
}

// cluster returns a backend's nodes as the configuration has them: addresses,
// comma-separated, by name.
func (s *site) cluster(backend string) map[string]string {
	nodes := make(map[string]string)
	for _, n := range s.nodes {
		if n.backend != backend {
			continue
		}
		var list []string
		for _, one := range n.sinks {
			list = append(list, one.Addr())
		}
		nodes[n.name] = strings.Join(list, ",")
	}
	return nodes
}

// address returns the address of a backend that has one only.
func (s *site) address(backend string) string {
	for _, n := range s.nodes {
		if n.backend == backend {
			return n.sinks[0].Addr()
		}
	}
	return ""
}

// received returns the points that all stand-ins have received.
func (s *site) received() uint64 {
	var n uint64
	for _, one := range s.sinks {
		n += one.Counts().Received
	}
	return n
}

func (s *site) close() {
	for _, one := range s.sinks {
		one.Close()
	}
}
