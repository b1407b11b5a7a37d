package sender

import "transfer/sender/queue"

// share is what one lane gets of a Block.
type share struct {
	lane  *queue.Lane
	items []int32
}

// share returns what each lane gets of the items that were sorted; good until the next
// sort.
func (c *Cluster) share(s *sorter) []share {
	s.shares = s.shares[:0]
	for _, slot := range s.used {
		items := s.items(slot)
		for _, lane := range c.lanesOf(slot) {
			s.shares = append(s.shares, share{lane, items})
		}
	}
	return s.shares
}

// putShares puts the items of b into the lanes, and asks for the memory of each ahead.
func putShares(b *queue.Block, shares []share) {
	itemSize, last := len(b.Payload)/b.Len(), len(shares)-1
	for i := range shares {
		next := &shares[min(i+2, last)]
		then, later := shares[min(i+4, last)].lane, shares[min(i+6, last)].lane
		queue.LookAhead(next.lane, then, later, len(next.items), len(next.items)*itemSize)
		shares[i].lane.Put(b, shares[i].items)
	}
}
