package ring

// Next returns the index into Nodes of the node that would own the hash if the one that
// does were not there: that of the next virtual point of another node, clockwise. -1: the
// ring has one node.
func (r *Ring) Next(hash uint32) int {
	points := r.points[:len(r.points)-1]
	at := r.at(hash) % len(points)
	owner := points[at].node()
	for i := 1; i < len(points); i++ {
		if p := points[(at+i)%len(points)]; p.node() != owner {
			return int(p.node())
		}
	}
	return -1
}
