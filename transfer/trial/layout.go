package trial

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"transfer/sender/ring"
)

// replicas is what the query side of a site has.
const replicas = 500

// spoolBytes is the cap of each target's spool in these tests.
const spoolBytes = 64 << 20

// sections returns the sections that point a relay at the site. Queues are small, so
// that outages of seconds need the disk.
func (s *Site) sections() Section {
	all := make(Section)
	for backend, nodes := range s.layout() {
		one := Section{
			"enabled": true, "callTimeout": 500, "connTimeout": 500,
			"queueBytes": Either(s.suite, "128KiB", "256KiB"), "spoolBytes": "64MiB",
		}
		switch group := strings.Join(nodes[""], ","); backend {
		case "judge", "graph", "p8s_relay":
			one["replicas"], one["cluster"] = replicas, s.cluster(nodes)
		case "transfer":
			one["cluster"] = Section{"next": group}
		case "influxdb":
			one["address"], one["db"], one["precision"] = "http://"+group, "falcon", "s"
			one["timeout"] = 500
			delete(one, "callTimeout")
		default:
			one["address"] = group
		}
		maps.Copy(one, s.Settings[backend])
		all[backend] = one
	}
	return all
}

// layout returns the addresses configured at the moment, by backend and node.
func (s *Site) layout() map[string]map[string][]string {
	all := make(map[string]map[string][]string)
	for i := range s.Addrs {
		a := &s.Addrs[i]
		if a.Away {
			continue
		}
		if all[a.Backend] == nil {
			all[a.Backend] = make(map[string][]string)
		}
		all[a.Backend][a.Node] = append(all[a.Backend][a.Node], a.Known)
	}
	return all
}

// cluster returns nodes as a section lists them.
func (s *Site) cluster(nodes map[string][]string) any {
	list := make(map[string]string)
	for node, addresses := range nodes {
		list[node] = strings.Join(addresses, ",")
	}
	if s.Backwards {
		return backwards(list)
	}
	return list
}

// backwards is a JSON object whose keys stand in descending order.
type backwards map[string]string

// MarshalJSON writes the object.
func (b backwards) MarshalJSON() ([]byte, error) {
	keys := slices.Sorted(maps.Keys(b))
	slices.Reverse(keys)
	var members []string
	for _, key := range keys {
		member, err := json.Marshal(map[string]string{key: b[key]})
		if err != nil {
			return nil, err
		}
		members = append(members, strings.Trim(string(member), "{}"))
	}
	return []byte("{" + strings.Join(members, ",") + "}"), nil
}

// replicas returns the virtual points of a node of a backend's ring.
func (s *Site) replicas(backend string) int {
	if n, ok := s.Settings[backend]["replicas"].(int); ok {
		return n
	}
	return replicas
}

// Owners returns for each backend with a ring who owns a series at the moment, by the
// ring of Open-Falcon.
func (s *Site) Owners() map[string]func(key string) (node string) {
	s.t.Helper()
	all := make(map[string]func(string) string)
	for backend, nodes := range s.layout() {
		if _, group := nodes[""]; group {
			continue
		}
		r, err := ring.New(slices.Sorted(maps.Keys(nodes)), s.replicas(backend), ring.CRC32)
		require.NoError(s.t, err)
		all[backend] = func(key string) string { return r.Nodes()[r.Node(ring.CRC32.Sum(key))] }
	}
	return all
}

// era returns what is configured at the moment, as an era that is asked for now.
func (s *Site) era() era {
	s.t.Helper()
	e := era{asked: time.Now(), nodes: make(map[string]map[string][]string), owners: make(map[string][]owner)}
	for i := range s.Addrs {
		a := &s.Addrs[i]
		if a.Away {
			continue
		}
		if e.nodes[a.Backend] == nil {
			e.nodes[a.Backend] = make(map[string][]string)
		}
		e.nodes[a.Backend][a.Node] = append(e.nodes[a.Backend][a.Node], a.ID())
	}
	for backend, own := range s.Owners() {
		e.owners[backend] = []owner{own}
	}
	return e
}
