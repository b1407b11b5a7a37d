package check

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	"transfer/g"
)

// samePort finds listeners that can't be bound both.
func (s *subject) samePort() {
	on := s.listeners()
	for i, l := range on {
		host, port, _ := net.SplitHostPort(l.Listen)
		for _, earlier := range on[:i] {
			otherHost, otherPort, _ := net.SplitHostPort(earlier.Listen)
			if port != otherPort || port == "0" || (host != otherHost && !everywhere(host) && !everywhere(otherHost)) {
				continue
			}
			s.note(l.name+".listen",
				fmt.Sprintf("port %s is that of %s.listen too, so one of them can't be opened", port, earlier.name),
				"give each listener a port of its own")
		}
	}
}

// ownAddress finds backends that send to this relay itself: a loop.
func (s *subject) ownAddress() {
	for _, b := range s.Backends {
		for _, to := range destinations(b) {
			for _, l := range s.listeners() {
				if !s.reaches(to.address, l.Listen) {
					continue
				}
				s.note(to.key,
					fmt.Sprintf("%s is this relay's own %s listener: points would go round in a loop", to.address, l.name),
					"name another machine there")
			}
		}
	}
}

// reaches reports whether a connection to address from this machine ends at the
// listener.
func (s *subject) reaches(address, listen string) bool {
	host, port, _ := net.SplitHostPort(address)
	listenHost, listenPort, _ := net.SplitHostPort(listen)
	if port != listenPort || port == "" {
		return false
	}
	if host == listenHost {
		return true
	}
	here := host == "localhost" || everywhere(host) || isLoopback(host) ||
		slices.ContainsFunc(s.hosts, func(own string) bool { return strings.EqualFold(own, host) })
	return here && (everywhere(listenHost) || isLoopback(listenHost) && isLoopback(host))
}

// everywhere reports whether a listener with this host is open on all interfaces.
func everywhere(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || ip != nil && ip.IsUnspecified()
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// destination is one address of a backend and the key where it stands.
type destination struct{ key, node, address string }

// destinations returns all addresses of a backend.
func destinations(b *g.Backend) []destination {
	var all []destination
	for _, node := range b.Nodes {
		for _, address := range node.Addresses {
			all = append(all, destination{b.Name + ".cluster." + printable(node.Name), node.Name, address})
		}
	}
	if b.Address != "" {
		all = append(all, destination{b.Name + ".address", "", b.Address})
	}
	return all
}

// sharedAddress finds addresses of several nodes of one backend. One note says it
// for all of an address.
func (s *subject) sharedAddress() {
	for _, b := range s.Backends {
		at := make(map[string][]destination)
		for _, to := range destinations(b) {
			at[to.address] = append(at[to.address], to)
		}
		for _, address := range slices.Sorted(maps.Keys(at)) {
			first, others := at[address][0], at[address][1:]
			if len(others) == 0 {
				continue
			}
			text := fmt.Sprintf("%s is an address of node %s too", address, printable(first.node))
			if more := len(others) - 1; more > 0 {
				text += fmt.Sprintf(", and of %d more", more)
			}
			s.note(others[0].key, text,
				"is it a slip? If it is meant, that machine gets the shares of all these nodes")
		}
	}
}

func (s *subject) nodeNames() {
	for _, b := range s.Backends {
		for _, node := range b.Nodes {
			if strings.TrimSpace(node.Name) == node.Name {
				continue
			}
			s.note(b.Name+".cluster."+printable(node.Name),
				"the name has white space at its end or beginning, which counts: the ring hashes names as they stand",
				"make sure that the query side has it too; without it the node's series would move")
		}
	}
}

// adminReach is a note: the split between what all may read and what only this
// machine may do surprises people.
func (s *subject) adminReach() {
	host, _, _ := net.SplitHostPort(s.HTTP.Listen)
	if !s.HTTP.Enabled || !everywhere(host) {
		return
	}
	s.note("http.listen",
		"it is open on all interfaces: everyone who reaches it may push points and read pages and counters; calls that change something are answered on this machine only",
		"name one address, or keep the port behind a firewall, where that is too much")
}
