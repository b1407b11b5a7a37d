package sender

import (
	"transfer/sender/queue"
	"transfer/sender/ring"
)

// sorter groups the items of a Block by node, so that each queue is locked once a
// Block. It keeps its memory from use to use.
type sorter struct {
	counts []int32 // by node; all zero between uses
	owners []int32 // by item
	order  []int32 // items, node by node, each node's in their order in the Block
	parts  []part
}

// part is the stretch of order that one node gets.
type part struct {
	node     int32
	from, to int32
}

// all returns the indices of n items.
func (s *sorter) all(n int) []int32 {
	s.order = s.order[:0]
	for i := range n {
		s.order = append(s.order, int32(i))
	}
	return s.order
}

// sort fills order and parts.
func (s *sorter) sort(b *queue.Block, r *ring.Ring) {
	s.owners, s.parts = s.owners[:0], s.parts[:0]
	for _, item := range b.Items {
		node := int32(r.Node(item.Hash))
		s.owners = append(s.owners, node)
		if s.counts[node] == 0 {
			s.parts = append(s.parts, part{node: node})
		}
		s.counts[node]++
	}
	s.order = append(s.order[:0], s.owners...) // for its length
	at := int32(0)
	for i := range s.parts {
		p := &s.parts[i]
		n := s.counts[p.node]
		p.from, p.to = at, at+n
		s.counts[p.node] = at
		at += n
	}
	for i, node := range s.owners {
		s.order[s.counts[node]] = int32(i)
		s.counts[node]++
	}
	for _, p := range s.parts {
		s.counts[p.node] = 0
	}
}
