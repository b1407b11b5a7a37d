package trial

import "transfer/transfer/sink"

// place is one address of a backend, and what came to it.
type place struct {
	id        string // as the ledger names it
	backend   string
	points    []sink.Point // in the order in which they came
	discarded int          // by the stand-in, as the real one would: not newer than the last of their series
	hasty     int          // came so soon after another call that the real one might have discarded one of their series
}

// oracle knows what was sent and where it belonged at that time.
type oracle struct {
	histories []*History
	eras      timeline

	places []place
	index  map[string]int // of places, by their IDs
	gone   map[string][][]bool
	known  map[string]seriesOf
	routes map[route]*course
	came   []map[seriesOf]*arrivals // by place
}

// seriesOf names a series of a client.
type seriesOf struct {
	history *History
	index   int
}

// route names a series at a backend.
type route struct {
	backend string
	seriesOf
}

// judge compares what was sent with what arrived.
func (o *oracle) judge(places []place) *Verdict {
	v := &Verdict{places: make(map[string]tally)}
	o.prepare(places)
	for i := range places {
		o.look(v, i)
	}
	seen := make(map[string]bool)
	for i := range places {
		if backend := places[i].backend; !seen[backend] {
			seen[backend] = true
			o.count(v, backend)
		}
	}
	return v
}

func (o *oracle) prepare(places []place) {
	o.places = places
	o.index = make(map[string]int)
	o.known = make(map[string]seriesOf)
	o.routes = make(map[route]*course)
	o.gone = make(map[string][][]bool)
	o.came = make([]map[seriesOf]*arrivals, len(places))
	for i := range places {
		p := &places[i]
		o.index[p.id] = i
		o.came[i] = make(map[seriesOf]*arrivals)
		if o.gone[p.backend] == nil {
			o.gone[p.backend] = make([][]bool, len(o.eras))
			for e := range o.eras {
				o.gone[p.backend][e] = make([]bool, len(places))
			}
		}
		for e := range o.eras {
			o.gone[p.backend][e][i] = !o.eras[e].has(p.backend, p.id)
		}
	}
	for _, h := range o.histories {
		for i := range h.Series {
			o.known[h.Key(i)] = seriesOf{h, i}
		}
	}
}

// look judges what came to one place.
func (o *oracle) look(v *Verdict, place int) {
	p := &o.places[place]
	came := o.came[place]
	var t tally
	for i := range p.points {
		point := &p.points[i]
		key := point.Key()
		s, ok := o.known[key]
		round := int(point.Value)
		if !ok || round < 0 || round >= len(s.history.fates) || float64(round) != point.Value ||
			point.Timestamp != Timestamp(round) || s.history.fates[round] == Unsent {
			v.unknown++
			v.complain("%s: never sent: %s %d %v", p.id, key, point.Timestamp, point.Value)
			continue
		}
		c := o.course(p.backend, s, key)
		if first, last := o.eras.during(s.history.span(round)); !c.reach(first, last)[place] {
			v.misplaced++
			v.complain("%s: misplaced: %s %d, of era %d to %d of %d", p.id, key, round, first, last, len(o.eras))
			continue
		}
		t.all++
		if came[s] == nil {
			came[s] = newArrivals(len(s.history.fates))
		}
		relay := s.history.relay(round)
		switch came[s].add(round, relay) {
		case again:
			v.Duplicates++
			continue
		case late:
			v.Disordered++
			v.complain("%s: %s: %d came behind %d, both by relay %d", p.id, key, round, came[s].newest[relay], relay)
		case crossed:
			t.crossed++
		}
		t.different++
	}
	v.places[p.id] = t
	v.hasty += p.hasty
	v.Crossed += t.crossed
	if fresh := p.discarded - (t.all - t.different) - t.crossed; fresh > 0 {
		v.Discarded += fresh
		v.complain("%s: %d first arrivals were discarded", p.id, fresh)
	}
}

// course returns the course of a series at a backend.
func (o *oracle) course(backend string, s seriesOf, key string) *course {
	at := route{backend, s}
	c := o.routes[at]
	if c == nil {
		c = newCourse(o.eras, backend, key, o.index, o.gone[backend])
		o.routes[at] = c
	}
	return c
}

// count adds what the backend was owed, and what of it is missing.
func (o *oracle) count(v *Verdict, backend string) {
	for _, h := range o.histories {
		for i := range h.Series {
			s := seriesOf{h, i}
			c := o.course(backend, s, h.Key(i))
			for round, f := range h.fates {
				if f != Unsent {
					o.countRound(v, c, s, round)
				}
			}
		}
	}
}

// countRound adds what was owed of one point. Where it is not known which era it was
// taken in, the one counts that fits best.
func (o *oracle) countRound(v *Verdict, c *course, s seriesOf, round int) {
	arrived := func(place int) bool { return o.came[place][s].has(round) }
	first, last := o.eras.during(s.history.span(round))
	all := 0
	for place, reached := range c.reach(first, last) {
		if reached && arrived(place) {
			all++
		}
	}
	best := c.fit(first, all, arrived)
	for e := first + 1; e <= last; e++ {
		if f := c.fit(e, all, arrived); f.betterThan(best) {
			best = f
		}
	}
	v.Moved += best.moved
	v.Duplicates += best.extra
	if s.history.fates[round] == Unanswered {
		v.Unanswered += best.owed
		v.UnansweredArrived += best.owed - len(best.missing)
		return
	}
	v.Owed += best.owed
	v.Lost += len(best.missing)
	for _, place := range best.missing {
		v.complain("%s: lost: %s %d", o.places[place].id, s.history.Key(s.index), round)
	}
}
