package trial

// roamer is a way to several relays: it keeps to one until that has no good answer, then
// goes on to the next one, as agents do.
type roamer struct {
	ways []Transport // by relay
	at   int         // the relay that is sent to next
}

// Send is what Transport says.
func (r *roamer) Send(points []Point, round int) (Outcome, error) {
	what, err := r.ways[r.at].Send(points, round)
	switch what {
	case Broken, Refused, Nobody:
		r.at = (r.at + 1) % len(r.ways)
	case Taken, Written:
	}
	return what, err
}

// Close is what Transport says.
func (r *roamer) Close() {
	for _, way := range r.ways {
		way.Close()
	}
}

// Breaks is what Transport says.
func (r *roamer) Breaks() (connections int) {
	for _, way := range r.ways {
		connections += way.Breaks()
	}
	return connections
}
