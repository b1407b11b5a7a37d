package sink

// Counts is what a stand-in has counted since it started. At rest
//
//	Received = Applied + Discarded + Overflow
type Counts struct {
	Name      string `json:"name"`
	Kind      string `json:"kind"`
	Address   string `json:"address"`
	Fault     string `json:"fault"`
	Calls     uint64 `json:"calls"`     // of these, Failed were answered with an error, or hung to the end
	Failed    uint64 `json:"failed"`    // calls whose points were not received
	Pings     uint64 `json:"pings"`     // probes
	Received  uint64 `json:"received"`  // points, before any are discarded
	Invalid   uint64 `json:"invalid"`   // points that could not be read; not among Received
	Applied   uint64 `json:"applied"`   // points stored
	Discarded uint64 `json:"discarded"` // points not newer than the last of their series when applied; judge and graph only
	Overflow  uint64 `json:"overflow"`  // points of series over Options.MaxSeries

	// Late counts violations of the order of a series: points with a timestamp
	// lower than the newest received, which had not been received before.
	Late uint64 `json:"late"`
	// Hasty counts points that came so soon after another call with a point of their
	// series that the real graph may apply the calls in either order; graph only.
	Hasty uint64 `json:"hasty"`
	// Repeated counts points with a timestamp that was received before in their
	// series: duplicates, which at-least-once delivery allows. A repeated point
	// older than the timestamps remembered (Options.Remember) is taken for late.
	Repeated uint64 `json:"repeated"`

	Series      int    `json:"series"`      // told apart
	Connections int    `json:"connections"` // open now
	Accepted    uint64 `json:"accepted"`    // connections since the start
}

// Counts returns the counts as they stand. Read under traffic they may be a call
// apart from one another.
func (s *Sink) Counts() Counts {
	return Counts{
		Name: s.name, Kind: s.kind, Address: s.Addr(), Fault: s.Fault().String(),
		Calls: s.calls.Load(), Failed: s.failed.Load(), Pings: s.pings.Load(),
		Received: s.received.Load(), Invalid: s.invalid.Load(), Applied: s.applied.Load(),
		Discarded: s.discarded.Load(), Overflow: s.overflow.Load(),
		Late: s.late.Load(), Hasty: s.hasty.Load(), Repeated: s.repeated.Load(),
		Series: int(s.series.count.Load()), Connections: s.door.open(), Accepted: s.door.accepted.Load(),
	}
}

// Series returns at most limit series whose key begins with prefix and of which
// a point has been applied, sorted by key, and whether there are more.
func (s *Sink) Series(prefix string, limit int) (found []Series, more bool) {
	found, more = s.series.list(prefix, limit)
	for i := range found {
		found[i].Sink = s.name
	}
	return found, more
}
