package trial

import "fmt"

// Verdict is what the oracle says of all that arrived. A point counts once for each
// address that it belongs to.
type Verdict struct {
	Owed              int // acknowledged
	Lost              int // of these, never arrived
	Unanswered        int // sent without a reply
	UnansweredArrived int // of these, arrived
	Duplicates        int // arrived before, or at another owner as well when their series moved
	Disordered        int // first arrivals behind later points of their series that the same relay took
	Crossed           int // first arrivals behind later points of their series that another relay took
	misplaced         int // belong elsewhere
	unknown           int // never sent like this
	Discarded         int // first arrivals that the backend discarded
	hasty             int // came too soon after another call with a point of their series
	Moved             int // arrived at the owner of a later time, not at that of their own
	places            map[string]tally
	examples          []string // of what is wrong
}

// tally is what came to a place.
type tally struct{ different, all, crossed int }

// complain keeps the first examples.
func (v *Verdict) complain(format string, args ...any) {
	if len(v.examples) < 12 {
		v.examples = append(v.examples, fmt.Sprintf(format, args...))
	}
}

// Bounds is what a case may cost.
type Bounds struct{ Lost, Duplicates, Disordered, Hasty int }

// Complaints says in which ways the verdict is not within the bounds.
func (v *Verdict) Complaints(b Bounds) (all []string) {
	say := func(n, most int, what string) {
		if n > most {
			all = append(all, fmt.Sprintf("%d %s, at most %d allowed", n, what, most))
		}
	}
	say(v.Lost, b.Lost, "acknowledged points lost")
	say(v.Duplicates, b.Duplicates, "duplicates")
	say(v.Disordered, b.Disordered, "first arrivals out of order")
	say(v.misplaced, 0, "at a wrong address")
	say(v.unknown, 0, "never sent")
	say(v.Discarded, 0, "first arrivals discarded")
	say(v.hasty, b.Hasty, "too soon after another call with a point of their series")
	return all
}
