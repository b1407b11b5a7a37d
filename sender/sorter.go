package sender

// sorter groups the items of a Block by slot, one lane of one node, so that each
// queue is locked once for all that it gets. It is used again and again.
type sorter struct {
	stride int // items that are sorted at a time
	counts []int32
	chosen []int32 // stride of them for each slot
	used   []int32 // slots
	shares []share // what that comes to for each lane
}

// newSorter returns a sorter for so many slots.
func newSorter(slots int) *sorter {
	const (
		usual = 272     // a request has fewer items
		least = 16      // with thousands of nodes
		total = 1 << 16 // places for items, unless it would be less than that
	)
	stride := min(max(total/slots, least), usual)
	return &sorter{stride: stride, counts: make([]int32, slots), chosen: make([]int32, slots*stride), used: make([]int32, slots+1)}
}

// sort groups the next items by their slots and returns where it ended. Each of the
// slots s.used then has items.
func (s *sorter) sort(slots []int32, from int) (to int) {
	s.clear()
	to = min(from+s.stride, len(slots))
	found := 0
	counts, used := s.counts, s.used
	for i, slot := range slots[from:to] {
		n := counts[slot]
		s.chosen[int(slot)*s.stride+int(n)] = int32(from + i)
		counts[slot] = n + 1
		// Written whether it is new or not: a jump here would be guessed wrong for each
		// second item.
		used[found] = slot
		if n == 0 {
			found++
		}
	}
	s.used = used[:found]
	return to
}

// items returns the items of a slot, in their order.
func (s *sorter) items(slot int32) []int32 {
	at := int(slot) * s.stride
	return s.chosen[at : at+int(s.counts[slot])]
}

// clear forgets the last sort.
func (s *sorter) clear() {
	for _, slot := range s.used {
		s.counts[slot] = 0
	}
	s.used = s.used[:cap(s.used)]
}
