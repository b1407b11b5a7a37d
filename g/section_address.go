package g

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
)

// endpoint is the address of a listener, host:port or :port; port 0 is any free
// one.
func endpoint(name string, to *string) key {
	k := words(name, to)
	k.read = func(at place, raw []byte) {
		switch s, ok := str(at, raw); {
		case !ok || s == "":
		case !isAddress(s, 0):
			at.fail(shownAddress(s)+" is no host:port", `write it as in "0.0.0.0:8433" or ":8433"`)
		default:
			*to = s
		}
	}
	return k
}

// isAddress reports whether s is host:port with a port from lowest on. The host
// may be missing, which stands for this machine.
func isAddress(s string, lowest uint64) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil || strings.ContainsAny(host, " \t\r\n/@?#,") {
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n >= lowest
}

// cluster is an object of nodes, each "addr" or "addr,addr".
func cluster(name string, to *[]Node) key {
	return key{
		name: name,
		read: func(at place, raw []byte) {
			if kindOf(raw) != jsonObject {
				at.fail("it is no object", `write it as in {"graph-00": "10.0.0.1:6070"}`)
				return
			}
			*to = readNodes(at, members(raw))
		},
		show: func() any {
			var all Object
			for _, node := range *to {
				all = append(all, Member{node.Name, strings.Join(node.Addresses, ",")})
			}
			return all.orNothing()
		},
	}
}

// clusterList is the cluster as GET /config shows it a second time. In a file it
// has no effect.
func clusterList(nodes *[]Node) key {
	return key{
		name: "clusterList",
		show: func() any {
			var all Object
			for _, node := range *nodes {
				all = append(all, Member{node.Name, Object{{"addrs", node.Addresses}}})
			}
			return all.orNothing()
		},
	}
}

// readNodes returns the nodes sorted by name. Names are taken as they stand,
// spaces too: the ring of the query side hashes them so.
func readNodes(at place, members []member) []Node {
	last := make(map[string][]byte, len(members))
	for _, m := range members {
		if last[m.key] != nil {
			at.under(m.key).warn("the node stands there more than once, the last one counts", "take the others away")
		}
		last[m.key] = m.raw
	}
	nodes := make([]Node, 0, len(last))
	for _, name := range slices.Sorted(maps.Keys(last)) {
		if addresses := readAddresses(at.under(name), last[name]); addresses != nil {
			nodes = append(nodes, Node{Name: name, Addresses: addresses})
		}
	}
	return nodes
}

// shownAddress is shown for an address, without a login that someone wrote there.
func shownAddress(address string) string {
	if strings.ContainsAny(address, "@?") {
		return "an address with a login or query"
	}
	return shown(address)
}

// maxAddresses bounds the copies of a point that one node may ask for.
const maxAddresses = 64

// readAddresses reads the addresses of one node, nil when there is a fault.
func readAddresses(at place, raw []byte) []string {
	const remedy = `write it as in "10.0.0.1:6070" or "10.0.0.1:6070,10.0.0.2:6070"`
	if kindOf(raw) != jsonString {
		at.fail("it is no string of addresses", remedy)
		return nil
	}
	var all []string
	for piece := range strings.SplitSeq(unquote(raw), ",") {
		switch address := strings.TrimSpace(piece); {
		case address == "":
		case !isAddress(address, 1):
			at.fail(shownAddress(address)+" is no host:port", remedy)
			return nil
		case slices.Contains(all, address):
			at.warn(address+" stands there twice, it is used once", "take one away")
		case len(all) == maxAddresses:
			at.fail(fmt.Sprintf("the node has more than %d addresses", maxAddresses), "make nodes of them: each address gets every point of its node")
			return nil
		default:
			all = append(all, address)
		}
	}
	if all == nil {
		at.fail("the node has no address", remedy)
	}
	return all
}
