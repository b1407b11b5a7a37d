package journal

import "sort"

// opened lists the requests that are open, by the first of their numbers, in
// ascending order. It is a ring: requests end about in the order in which they began.
type opened struct {
	ring []opening
	head int // index of the oldest
	n    int
}

// opening is one request. It stays in the list until all before it are done too.
type opening struct {
	first uint64
	done  bool
}

// at returns the i-th oldest.
func (o *opened) at(i int) *opening {
	if i += o.head; i >= len(o.ring) {
		i -= len(o.ring)
	}
	return &o.ring[i]
}

// add adds a request whose numbers lie behind those of all others.
func (o *opened) add(first uint64) {
	if o.n == len(o.ring) {
		larger := make([]opening, max(16, 2*o.n))
		for i := range o.n {
			larger[i] = *o.at(i)
		}
		o.ring, o.head = larger, 0
	}
	o.n++
	*o.at(o.n - 1) = opening{first: first}
}

// done takes the request out, in which nobody waits for this number any more.
func (o *opened) done(first uint64) {
	i := sort.Search(o.n, func(i int) bool { return o.at(i).first >= first })
	if i == o.n || o.at(i).first != first {
		return
	}
	o.at(i).done = true
	for o.n > 0 && o.at(0).done {
		o.n--
		if o.head++; o.head == len(o.ring) {
			o.head = 0
		}
	}
}

// oldest returns the lowest number of all open requests; ok is false if there is none.
func (o *opened) oldest() (first uint64, ok bool) {
	if o.n == 0 {
		return 0, false
	}
	return o.at(0).first, true
}
