package trial

// arrivals is what came to a place of one series.
type arrivals struct {
	rounds []bool
	newest int
}

func newArrivals(rounds int) *arrivals { return &arrivals{make([]bool, rounds), -1} }

// how says in which way a point came.
type how int

const (
	inOrder how = iota
	again       // came before
	late        // came for the first time, but behind a later one
)

func (a *arrivals) add(round int) how {
	if a.rounds[round] {
		return again
	}
	a.rounds[round] = true
	if round < a.newest {
		return late
	}
	a.newest = round
	return inOrder
}

// has reports whether the point of a round came; nothing came to nil.
func (a *arrivals) has(round int) bool { return a != nil && a.rounds[round] }
