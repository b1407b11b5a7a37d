package trial

import "cmp"

// course is where the points of one series belong at one backend as time goes by.
type course struct {
	at [][]int // by era, the places of the series' owner, or owners
	// gone tells by era and place which of them were not configured.
	gone [][]bool
	// back holds by era those of its places that owned the series before they had gone.
	// What came meanwhile may have waited there, behind their backlog.
	back [][]int

	// reached remembers what reach returned, by the first and the last era, inherited
	// what heirs returned, by era and place.
	reached, inherited map[[2]int][]bool
}

// newCourse returns the course of a series. Places are known by their index, that of an
// ID is in index; what has none is not looked at.
func newCourse(eras timeline, backend, key string, index map[string]int, gone [][]bool) *course {
	c := &course{at: make([][]int, len(eras)), gone: gone, reached: make(map[[2]int][]bool), inherited: make(map[[2]int][]bool)}
	for e := range eras {
		for _, id := range eras[e].addresses(backend, key) {
			if i, ok := index[id]; ok {
				c.at[e] = append(c.at[e], i)
			}
		}
	}
	c.findBack()
	return c
}

func (c *course) findBack() {
	c.back = make([][]int, len(c.at))
	owned := make([]bool, len(c.gone[0]))
	for e := range c.at {
		for _, place := range c.at[e] {
			if e > 0 && owned[place] && c.gone[e-1][place] {
				c.back[e] = append(c.back[e], place)
			}
		}
		c.enter(e, owned)
	}
}

// reach returns the places to which a point may have come that was taken in one of
// these eras: those of the time, and whenever one of them has gone, those of the owner
// of then, which got what waited for it. A point may also have waited behind the backlog
// of a place that had gone and came back.
func (c *course) reach(first, last int) []bool {
	between := [2]int{first, last}
	if known := c.reached[between]; known != nil {
		return known
	}
	reached := make([]bool, len(c.gone[0]))
	for e := first; e <= last; e++ {
		c.enter(e, reached)
	}
	c.follow(last+1, reached)
	c.reached[between] = reached
	return reached
}

// heirs returns the places to which a point may have come that was due at a place in an
// era: that one and those which it was passed on to.
func (c *course) heirs(e, place int) []bool {
	from := [2]int{e, place}
	if known := c.inherited[from]; known != nil {
		return known
	}
	heirs := make([]bool, len(c.gone[0]))
	heirs[place] = true
	c.follow(e+1, heirs)
	c.inherited[from] = heirs
	return heirs
}

// enter adds the places of an era.
func (c *course) enter(e int, places []bool) {
	for _, place := range c.at[e] {
		places[place] = true
	}
}

// follow adds, era by era, where the backlog went of those that had gone, and those
// that came back and had gone before from.
func (c *course) follow(from int, places []bool) {
	for e := from; e < len(c.at); e++ {
		if c.anyGone(e, places) {
			c.enter(e, places)
		}
		for _, place := range c.back[e] {
			if c.goneBetween(from-1, e, place) {
				places[place] = true
			}
		}
	}
}

// goneBetween reports whether a place was not configured from an era on until another.
func (c *course) goneBetween(from, until, place int) bool {
	for e := from; e < until; e++ {
		if !c.gone[e][place] {
			return false
		}
	}
	return true
}

// anyGone reports whether one of the places is not configured in an era.
func (c *course) anyGone(e int, places []bool) bool {
	for place, reached := range places {
		if reached && c.gone[e][place] {
			return true
		}
	}
	return false
}

// missing returns the places of an era which should have a point and have not: neither
// it arrived there, nor at a place to which it was passed on. A backlog that moves keeps
// the number of its copies: an address of the new owner takes the place of one that left.
func (c *course) missing(e int, arrived func(place int) bool) (places []int) {
	for _, place := range c.at[e] {
		if !arrived(place) && !c.passedOn(e, place, arrived) {
			places = append(places, place)
		}
	}
	return places
}

// passedOn reports whether the point that was due at a place in an era came to one of
// those who got its backlog.
func (c *course) passedOn(e, place int, arrived func(place int) bool) bool {
	for heir, inherits := range c.heirs(e, place) {
		if inherits && arrived(heir) {
			return true
		}
	}
	return false
}

// fit is how well what came of a point fits to an era.
type fit struct {
	owed    int   // places that the point belongs to
	missing []int // of these, those where it should be and is not
	moved   int   // of these, those from which it was passed on
	extra   int   // further places to which it came
}

// fit returns how well a point fits to an era that came to so many places in all.
func (c *course) fit(e, all int, arrived func(place int) bool) fit {
	f := fit{owed: len(c.at[e]), missing: c.missing(e, arrived)}
	for _, place := range c.at[e] {
		if !arrived(place) {
			f.moved++
		}
	}
	f.moved -= len(f.missing)
	f.extra = max(0, all-(f.owed-len(f.missing)))
	return f
}

func (f fit) betterThan(g fit) bool {
	return cmp.Or(cmp.Compare(len(f.missing), len(g.missing)), cmp.Compare(f.moved, g.moved), cmp.Compare(f.extra, g.extra)) < 0
}
