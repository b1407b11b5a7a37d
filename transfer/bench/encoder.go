package bench

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
)

// encoder writes the requests of a load.
type encoder struct {
	way
	fleet  *fleet
	random *rand.Rand
	probes bool // each request holds one

	body   []byte // of the request under way
	stamps []uint32
}

// deal returns the series of each connection: whole agents in their steady order,
// or a random part of all.
func (e *encoder) deal(row Row) [][]int {
	hands := make([][]int, e.conns)
	if row.Random {
		for i, series := range e.random.Perm(row.Series) {
			hands[i%e.conns] = append(hands[i%e.conns], series)
		}
		return hands
	}
	for i := range row.Series {
		conn := i / agentSeries % e.conns
		hands[conn] = append(hands[conn], i)
	}
	return hands
}

// round encodes the series of a connection in their order, in requests of much the
// same length.
func (e *encoder) round(conn int, order []int) (all []request) {
	count := (len(order) + e.points - 1) / e.points
	for part := range slices.Chunk(order, (len(order)+count-1)/count) {
		all = append(all, e.request(conn, part))
	}
	return all
}

// request encodes one request. In its middle goes the probe.
func (e *encoder) request(conn int, part []int) request {
	e.body, e.stamps = e.body[:0], e.stamps[:0]
	var probe string
	for i, number := range part {
		s := e.fleet.series(number)
		if e.probes && i == len(part)/2 {
			s = probeSeries(conn)
			probe = s.endpoint
		}
		if i > 0 {
			e.body = append(e.body, e.sep...)
		}
		var room [24]byte
		var stamp int
		e.body, stamp = e.append(e.body, &s, s.shape.appendValue(room[:0], e.random))
		e.stamps = append(e.stamps, uint32(stamp))
	}
	head := e.head(len(e.body))
	r := request{bytes: slices.Concat([]byte(head), e.body, []byte(e.tail)), stamps: slices.Clone(e.stamps)}
	for i := range r.stamps {
		r.stamps[i] += uint32(len(head))
	}
	if probe != "" {
		at := bytes.Index(r.bytes, []byte(probe))
		r.probe = uint32(at + len(probe) - turnDigits)
	}
	return r
}

// probeSeries is the series of a connection's probe at turn 0.
func probeSeries(conn int) series {
	endpoint := fmt.Sprintf("%s%0*d-%0*d", probeMark, connDigits, conn, turnDigits, 0)
	return series{endpoint: endpoint, metric: "probe.sent", kind: "GAUGE", shape: small}
}

// connsOf returns how many connections the load of a row has.
func connsOf(row Row) int {
	w, err := wayOf(row)
	if err != nil {
		return 0 // newLoad says why
	}
	return w.conns
}
