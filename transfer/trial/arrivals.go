package trial

// arrivals is what came to a place of one series.
type arrivals struct {
	rounds []bool
	newest map[int]int // round, by the number of the relay that took it
	last   int         // the newest round of all relays
}

func newArrivals(rounds int) *arrivals {
	return &arrivals{rounds: make([]bool, rounds), newest: make(map[int]int), last: -1}
}

// how says in which way a point came.
type how int

const (
	inOrder how = iota
	again       // came before
	late        // came for the first time, but behind a later one that the same relay took
	crossed     // came for the first time, but behind a later one that another relay took
)

// add notes the arrival of a round that a relay took. Order is promised to what one relay
// took; a round that more than one may have taken is crossed at worst.
func (a *arrivals) add(round, relay int) how {
	if a.rounds[round] {
		return again
	}
	a.rounds[round] = true
	defer func() { a.last = max(a.last, round) }()
	newest, any := a.newest[relay]
	switch {
	case relay != several && any && round < newest:
		return late
	case relay != several:
		a.newest[relay] = round
	}
	if round < a.last {
		return crossed
	}
	return inOrder
}

// has reports whether the point of a round came; nothing came to nil.
func (a *arrivals) has(round int) bool { return a != nil && a.rounds[round] }
