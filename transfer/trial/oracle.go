package trial

import (
	"fmt"

	"transfer/transfer/sink"
)

// Place is one address of a backend, and what came to it.
type Place struct {
	id        string // as the ledger names it
	backend   string
	node      string       // empty: it gets the points of all series
	points    []sink.Point // in the order in which they came
	discarded int          // by the stand-in, as the real one would: not newer than the last of their series
}

// Oracle knows what was sent and where it belongs.
type Oracle struct {
	histories []*History
	owner     map[string]func(key string) (node string) // by backend, for those that have a ring
}

// Tally is what came to a place.
type Tally struct{ different, all int }

// Verdict is what the oracle says of all that arrived. A point counts once for each
// address that it belongs to.
type Verdict struct {
	Owed              int // acknowledged
	Lost              int // of these, never arrived
	Unanswered        int // sent without a reply
	UnansweredArrived int // of these, arrived
	Duplicates        int // arrived before
	Disordered        int // first arrivals behind later points of their series
	misplaced         int // belong elsewhere
	unknown           int // never sent like this
	Discarded         int // first arrivals that the backend discarded
	places            map[string]Tally
	examples          []string // of what is wrong
}

// seriesOf names a series of a client.
type seriesOf struct {
	history *History
	index   int
}

// judge compares what was sent with what arrived.
func (o *Oracle) judge(places []Place) *Verdict {
	v := &Verdict{places: make(map[string]Tally)}
	known := make(map[string]seriesOf)
	for _, h := range o.histories {
		for i := range h.Series {
			known[h.Key(i)] = seriesOf{h, i}
		}
	}
	for i := range places {
		o.look(v, &places[i], known)
	}
	return v
}

// look judges one place.
func (o *Oracle) look(v *Verdict, p *Place, known map[string]seriesOf) {
	came := make(map[seriesOf]*arrivals)
	var t Tally
	for i := range p.points {
		point := &p.points[i]
		key := point.Key()
		s, ok := known[key]
		round := int(point.Value)
		if !ok || round < 0 || round >= len(s.history.fates) || float64(round) != point.Value ||
			point.Timestamp != Timestamp(round) || s.history.fates[round] == Unsent {
			v.unknown++
			v.complain("%s: never sent: %s %d %v", p.id, key, point.Timestamp, point.Value)
			continue
		}
		if !o.belongs(p, key) {
			v.misplaced++
			v.complain("%s: belongs to %s: %s", p.id, o.owner[p.backend](key), key)
			continue
		}
		t.all++
		if came[s] == nil {
			came[s] = newArrivals(len(s.history.fates))
		}
		switch came[s].add(round) {
		case again:
			v.Duplicates++
			continue
		case late:
			v.Disordered++
			v.complain("%s: %s: %d came behind %d", p.id, key, round, came[s].newest)
		}
		t.different++
	}
	v.places[p.id] = t
	if fresh := p.discarded - (t.all - t.different); fresh > 0 {
		v.Discarded += fresh
		v.complain("%s: %d first arrivals were discarded", p.id, fresh)
	}
	o.count(v, p, came)
}

// count adds what the place was owed, and what of it is missing.
func (o *Oracle) count(v *Verdict, p *Place, came map[seriesOf]*arrivals) {
	for _, h := range o.histories {
		for i := range h.Series {
			if !o.belongs(p, h.Key(i)) {
				continue
			}
			a := came[seriesOf{h, i}]
			for round, f := range h.fates {
				arrived := a != nil && a.rounds[round]
				switch {
				case f == Acknowledged && !arrived:
					v.Owed++
					v.Lost++
					v.complain("%s: lost: %s %d", p.id, h.Key(i), round)
				case f == Acknowledged:
					v.Owed++
				case f == Unanswered:
					v.Unanswered++
					if arrived {
						v.UnansweredArrived++
					}
				}
			}
		}
	}
}

// belongs reports whether the points of the series belong to the place.
func (o *Oracle) belongs(p *Place, key string) bool {
	return p.node == "" || o.owner[p.backend](key) == p.node
}

// complain keeps the first examples.
func (v *Verdict) complain(format string, args ...any) {
	if len(v.examples) < 12 {
		v.examples = append(v.examples, fmt.Sprintf(format, args...))
	}
}

// Bounds is what a fault may cost.
type Bounds struct{ Lost, Duplicates, Disordered int }

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
	return all
}

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
