package segment

import "cmp"

// Position is a place between two records, the thing that a mark stores.
type Position struct {
	Segment uint64 // number of the segment; 0: before all segments
	Offset  int64  // bytes from the begin of its file
	Next    uint64 // sequence number of the first point behind it; 0: unknown
}

// Compare orders positions by their place: -1 where p lies before q, 0 where they
// are the same place, 1 where p lies behind q.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Segment, q.Segment), cmp.Compare(p.Offset, q.Offset))
}
