package rings

import (
	"cmp"
	"iter"
	"slices"

	"transfer/g/stat"
	"transfer/sender/ring"
)

// maxFlows is how many flows a comparison names, the largest ones: two rings of 10,000
// nodes may have millions.
const maxFlows = 1000

// Compare returns what the change from one ring of a backend to another moves of the
// series whose CRC-32 and MurmurHash3 are given. Of a hash that neither ring has any
// value will do.
func Compare(backend string, from, to *ring.Ring, series iter.Seq2[uint32, uint32]) stat.RingDiff {
	c := comparison{from: from, to: to, pairs: make(map[pair]uint64)}
	for crc32, murmur3 := range series {
		c.pairs[pair{c.node(from, crc32, murmur3), c.node(to, crc32, murmur3)}]++
	}
	d := stat.RingDiff{
		Backend: backend, From: from.Fingerprint(), To: to.Fingerprint(), Share: ring.Moved(from, to),
		Nodes: c.nodes(), Flows: c.flows(),
	}
	for _, n := range d.Nodes {
		d.Series += n.Before
		d.Moved += n.Loses
	}
	if more := len(d.Flows) - maxFlows; more > 0 {
		d.Flows, d.MoreFlows = d.Flows[:maxFlows:maxFlows], more
	}
	return d
}

// comparison counts series by the nodes that have them before and after.
type comparison struct {
	from, to *ring.Ring
	pairs    map[pair]uint64
}

// pair is a node of the ring before and one of that after, by their indexes.
type pair struct{ from, to int }

func (c *comparison) node(r *ring.Ring, crc32, murmur3 uint32) int {
	if r.Hash() == ring.Murmur3 {
		return r.Node(murmur3)
	}
	return r.Node(crc32)
}

// nodes returns what becomes of each node of both rings, by name.
func (c *comparison) nodes() []stat.NodeDiff {
	all := make(map[string]*stat.NodeDiff)
	of := func(node string) *stat.NodeDiff {
		if all[node] == nil {
			all[node] = &stat.NodeDiff{Node: node}
		}
		return all[node]
	}
	shares := c.from.Shares()
	for i, node := range c.from.Nodes() {
		of(node).ShareBefore = shares[i]
	}
	shares = c.to.Shares()
	for i, node := range c.to.Nodes() {
		of(node).ShareAfter = shares[i]
	}
	for p, series := range c.pairs {
		from, to := of(c.from.Nodes()[p.from]), of(c.to.Nodes()[p.to])
		from.Before += series
		to.After += series
		if from != to {
			from.Loses += series
			to.Gains += series
		}
	}
	list := make([]stat.NodeDiff, 0, len(all))
	for _, n := range all {
		list = append(list, *n)
	}
	slices.SortFunc(list, func(a, b stat.NodeDiff) int { return cmp.Compare(a.Node, b.Node) })
	return list
}

// flows returns what moves from which node to which, the largest first.
func (c *comparison) flows() []stat.Flow {
	all := []stat.Flow{}
	for p, series := range c.pairs {
		if f := (stat.Flow{From: c.from.Nodes()[p.from], To: c.to.Nodes()[p.to], Series: series}); f.From != f.To {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b stat.Flow) int {
		return cmp.Or(cmp.Compare(b.Series, a.Series), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return all
}
