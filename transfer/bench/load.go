package bench

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// load is what is played in a run, encoded beforehand: before a request goes out
// only its timestamps and the turn of its probe are written into it.
type load struct {
	streams []*stream // of each connection
}

// stream is the requests of one connection. A round holds each of its series once;
// the rounds come one after another, again and again.
type stream struct {
	conn   int
	rounds [][]request
	round  int // that is under way
	at     int // the next request in it
	turn   int // of the next probe
	stamp  [stampDigits]byte
	start  int64 // timestamp of the first round
}

// request is one request as it goes out.
type request struct {
	bytes  []byte
	stamps []uint32 // where the points' timestamps are
	probe  uint32   // where the turn of the probe is; 0: there is none
}

// points returns how many points the request holds.
func (r *request) points() int { return len(r.stamps) }

// The load keeps several rounds with other values, as memory allows.
const (
	maxRounds      = 4
	pointBytes     = 170 // of JSON, about
	loadBytes      = 400 << 20
	leastDisorder  = 2 // rounds; a single order that repeats would be a steady one
	loadRandomSeed = 20160901
)

// newLoad encodes the load of a row. It is the same each time but for its
// timestamps, which begin now.
func newLoad(row Row) (*load, error) {
	w, err := wayOf(row)
	if err != nil {
		return nil, err
	}
	rounds := min(max(loadBytes/(row.Series*pointBytes), 1), maxRounds)
	if row.Random {
		rounds = max(rounds, leastDisorder)
	}
	l := new(load)
	e := &encoder{way: w, fleet: newFleet(), random: rand.New(rand.NewPCG(loadRandomSeed, 0)), probes: row.Rate > 0}
	for conn, order := range e.deal(row) {
		s := &stream{conn: conn, start: time.Now().Unix()}
		s.mark()
		for range rounds {
			if row.Random {
				e.random.Shuffle(len(order), func(i, k int) { order[i], order[k] = order[k], order[i] })
			}
			s.rounds = append(s.rounds, e.round(conn, order))
		}
		l.streams = append(l.streams, s)
	}
	return l, nil
}

// requests returns how many requests a round has.
func (s *stream) requests() int { return len(s.rounds[0]) }

// played returns how many requests were sent.
func (s *stream) played() int { return s.round*s.requests() + s.at }

// next returns the next request, ready to go out and valid until the round comes
// again, and the turn of its probe.
func (s *stream) next() (r *request, turn int) {
	if s.at == s.requests() {
		s.at = 0
		s.round++
		s.mark()
	}
	r = &s.rounds[s.round%len(s.rounds)][s.at]
	s.at++
	for _, at := range r.stamps {
		*(*[stampDigits]byte)(r.bytes[at:]) = s.stamp
	}
	if r.probe == 0 {
		return r, 0
	}
	turn = s.turn
	s.turn = (turn + 1) % probeTurns
	r.bytes[r.probe], r.bytes[r.probe+1] = byte('0'+turn/10), byte('0'+turn%10)
	return r, turn
}

// mark makes the timestamp of the round.
func (s *stream) mark() {
	strconv.AppendInt(s.stamp[:0], s.start+int64(s.round)*loadStep, 10)
}
