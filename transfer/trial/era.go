package trial

import "time"

// era is a time in which the relay's configuration stays the same.
type era struct {
	asked time.Time // when it was asked for: it may hold from then on; zero: always
	held  time.Time // when it surely held; zero: that is not known
	// nodes holds the IDs of addresses by backend and node; a backend without a ring
	// has the node "".
	nodes map[string]map[string][]string
	// owners tells by backend with a ring who owns a series. During a hand-over a
	// series has two owners, and each gets its points.
	owners map[string][]owner
}

// owner tells which node owns a series.
type owner func(key string) (node string)

// timeline is the eras of a relay, in their order.
type timeline []era

// during returns the eras of which one or the other held between two instants.
func (t timeline) during(from, until time.Time) (first, last int) {
	for e := range t {
		if e > 0 && !t[e].held.IsZero() && t[e].held.Before(from) {
			first = e
		}
		if until.IsZero() || !t[e].asked.After(until) {
			last = e
		}
	}
	return first, max(first, last)
}

// addresses returns the IDs of the addresses that get the points of a series.
func (e *era) addresses(backend, key string) (ids []string) {
	nodes := e.nodes[backend]
	ids = append(ids, nodes[""]...)
	before := ""
	for _, owner := range e.owners[backend] {
		if node := owner(key); node != before {
			ids = append(ids, nodes[node]...)
			before = node
		}
	}
	return ids
}

// has reports whether the address was configured.
func (e *era) has(backend, id string) bool {
	for _, ids := range e.nodes[backend] {
		for _, one := range ids {
			if one == id {
				return true
			}
		}
	}
	return false
}
