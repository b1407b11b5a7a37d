package sender

import (
	"time"

	"transfer/sender/queue"
)

const (
	// deadlyLosses is how many connections in a row a Block must cost, each soon after
	// its dial, to be suspected of it, and a single point to be refused.
	deadlyLosses = 5
	soonAfter    = time.Second
	// patientRounds is how often a Block is judged, for each series of which a point is
	// refused, until newer points of these series are sent all the same: where nothing
	// else waits, they alone can tell whether the address takes anything. The more series
	// it refuses, the likelier it is that it will take all of them again.
	patientRounds = 3
)

// poison is what a lane knows of a Block that its backend does not take.
type poison struct {
	parting parting
	address string // whose word counts
	block   print  // the Block in flight when a connection was lost
	losses  int    // in a row with that Block
	rounds  int    // judgements of that Block that ended with points held up
	series  int    // of which a point was refused in the last one
	away    int    // failures in a row for which the address was not there
}

// print tells whether a Block is the same one as before, also when it was read from
// the spool again meanwhile.
type print struct {
	first, last    uint64
	points, length int
}

func printOf(b *queue.Block) print {
	return print{first: b.First, last: b.Last, points: b.Len(), length: len(b.Payload)}
}

// isSuspect reports whether the Block in flight is to be judged: it is being judged, or
// has cost too many connections.
func (p *poison) isSuspect(b *queue.Block) bool {
	same := printOf(b) == p.block
	return same && (p.parting.under() || p.losses >= deadlyLosses)
}

// turnTo makes b, which may be in the midst of its judgement, the Block that it is about.
func (p *poison) turnTo(b *queue.Block) {
	if seen := printOf(b); seen != p.block {
		p.parting.end()
		p.block, p.losses, p.rounds = seen, 0, 0
	}
}

// lost notes that a connection broke soon after its dial with b in flight.
func (p *poison) lost(b *queue.Block) {
	p.turnTo(b)
	p.losses++
	if p.parting.under() {
		p.parting.lost()
	}
}

// holds reports whether a lane stays at its address after a failure, since points are
// judged there. gone: it could not be dialled, or hung. One that is gone for more than a
// restart judges none.
func (p *poison) holds(gone bool) bool {
	p.away++
	if !gone {
		p.away = 0
	}
	return p.parting.under() && p.away < deadlyLosses
}

// isPatient reports whether points are still held up for those of their series that the
// address refuses.
func (p *poison) isPatient() bool { return p.rounds == 0 || p.rounds < patientRounds*p.series }

// adjourn ends a judgement that nothing came of: another address, or this one later,
// begins with all of it.
func (p *poison) adjourn() {
	switch {
	case p.parting.isHeldUp():
		p.rounds++
		p.series = len(p.parting.behind)
		p.losses = 0
	case p.parting.isLonely(): // it has company soon, maybe, and one more loss is enough then
		p.losses = min(p.losses, deadlyLosses-1)
	default: // whatever was sent was refused: that is no point's fault
		p.losses, p.rounds = 0, 0
	}
	p.parting.end()
}

// forgive forgets all suspicion.
func (p *poison) forgive() {
	p.parting.end()
	p.losses, p.rounds, p.away = 0, 0, 0
}
