package bench

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"slices"
	"time"
)

// site is what stands behind the process under measurement: the stand-ins of each
// of a row's backends.
type site struct {
	standIns []*standIn
}

// standIn is one backend: all its nodes count together.
type standIn struct {
	name  string
	count tally
	nodes []*node
	// neighbour is beside the first node, and counts nothing; nil: there is none.
	neighbour *node
}

// kind is how a backend is stood in for: exactly one of tcp and http makes what
// serves it.
type kind struct {
	ring bool // a listener for each node; else one for all
	tcp  func(t *tally) (serve func(net.Conn) error, err error)
	http func(t *tally) http.Handler
}

// kinds are all backends, by the name that a Row gives them.
func kinds() map[string]kind {
	netRPC := func(method string) kind {
		return kind{ring: true, tcp: func(t *tally) (func(net.Conn) error, error) { return newGobSink(method, t) }}
	}
	lines := func(t *tally) (func(net.Conn) error, error) { return newLineSink(t), nil }
	return map[string]kind{
		"judge":     netRPC("Judge.Send"),
		"graph":     netRPC("Graph.Send"),
		"p8s_relay": netRPC("P8sRelay.Send"),
		"tsdb":      {tcp: lines},
		"graphite":  {ring: true, tcp: lines},
		"transfer": {tcp: func(t *tally) (func(net.Conn) error, error) {
			return newTransferSink(t), nil
		}},
		"influxdb":   {http: newInfluxSink},
		"prometheus": {http: newPrometheusSink},
	}
}

// openSite starts the stand-ins of a row's backends.
func openSite(row Row) (s *site, err error) {
	s = new(site)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	all := kinds()
	for _, name := range row.Backends {
		k, ok := all[name]
		if !ok {
			return s, fmt.Errorf("cannot stand in for a backend called %q", name)
		}
		in := &standIn{name: name}
		if row.Rate > 0 {
			in.count.probes = newProbes(connsOf(row))
		}
		s.standIns = append(s.standIns, in)
		if err := in.open(k, row.Nodes); err != nil {
			return s, fmt.Errorf("cannot stand in for %s: %w", name, err)
		}
	}
	if row.Neighbour == "" {
		return s, nil
	}
	first := s.standIns[0]
	first.neighbour, err = openNeighbour(all[first.name], row.Neighbour)
	if err != nil {
		return s, fmt.Errorf("cannot stand in for the neighbour of %s: %w", first.name, err)
	}
	return s, nil
}

// open starts the nodes, or the one address of a backend without a ring.
func (in *standIn) open(k kind, nodes int) error {
	if !k.ring {
		nodes = 1
	}
	var serve func(net.Conn) error
	if k.tcp != nil {
		var err error
		if serve, err = k.tcp(&in.count); err != nil {
			return err
		}
	}
	for range nodes {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		if serve != nil {
			in.nodes = append(in.nodes, serveTCP(l, serve))
		} else {
			in.nodes = append(in.nodes, serveHTTP(l, k.http(&in.count)))
		}
	}
	return nil
}

// addresses returns where a backend's nodes listen, one at least: host:port, or two with a
// comma where the node has a neighbour. It panics when the row has no such backend.
func (s *site) addresses(backend string) []string {
	at := slices.IndexFunc(s.standIns, func(in *standIn) bool { return in.name == backend })
	in := s.standIns[at]
	var all []string
	for _, n := range in.nodes {
		all = append(all, n.address)
	}
	if in.neighbour != nil {
		all[0] += "," + in.neighbour.address
	}
	return all
}

// delivered returns how many points arrived at the backend that has the fewest.
// Each backend is to have each point once.
func (s *site) delivered() int64 {
	least := int64(math.MaxInt64)
	for _, in := range s.standIns {
		least = min(least, in.count.points.Load())
	}
	return least
}

// each calls do with the probes of every backend; there are none at full speed.
func (s *site) each(do func(*probes)) {
	for _, in := range s.standIns {
		if in.count.probes != nil {
			do(in.count.probes)
		}
	}
}

// arrivals returns how long the probes took that arrived since reset, at all
// backends.
func (s *site) arrivals() (all []time.Duration) {
	s.each(func(p *probes) { all = append(all, p.taken()...) })
	return all
}

// close ends all stand-ins and their connections.
func (s *site) close() error {
	var errs []error
	for _, in := range s.standIns {
		for _, n := range in.nodes {
			errs = append(errs, n.close())
		}
		if in.neighbour != nil {
			errs = append(errs, in.neighbour.close())
		}
	}
	return errors.Join(errs...)
}
