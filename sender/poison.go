package sender

import (
	"errors"
	"time"

	"transfer/sender/queue"
)

const (
	// deadlyLosses is how many connections in a row a Block must cost, each soon after
	// its dial, to be suspected of it.
	deadlyLosses = 5
	soonAfter    = time.Second
)

// poison is what a lane knows of a Block that its backend does not take.
type poison struct {
	parting parting
	address string // whose word counts
	block   print  // the Block in flight when a connection was lost
	losses  int    // in a row with that Block
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

// begin makes b, which may be in the midst of its judgement, the Block to be judged by
// the address.
func (p *poison) begin(b *queue.Block, address string) {
	if !p.parting.under() || printOf(b) != p.block {
		p.parting.end()
		p.parting.add(b)
		p.block, p.address = printOf(b), address
	}
	p.parting.blocks[0] = b
	if address != p.address {
		p.parting.again()
		p.address = address
	}
}

// lost notes that a connection broke soon after its dial with b in flight.
func (p *poison) lost(b *queue.Block) {
	if printOf(b) != p.block {
		p.parting.end()
		p.block, p.losses = printOf(b), 0
	}
	p.losses++
	if p.parting.under() {
		p.parting.refused("the connection breaks whenever it is sent")
	}
}

// forgive forgets all suspicion.
func (p *poison) forgive() {
	p.parting.end()
	p.losses = 0
}

// refusesForGood reports whether err is a refusal that the same call would meet again.
// A backend with a window tells of single points instead.
func (l *lane) refusesForGood(err error) bool {
	var refusal *Refusal
	return l.window == 0 && errors.As(err, &refusal) && refusal.Permanent
}

// judge finds out which points of the Block in flight the backend does not take,
// delivers the others, and keeps those as dead letters. refusal is what it said to the
// whole Block; nil: the Block is suspect for what happened before.
func (l *lane) judge(refusal error) error {
	p := &l.poison.parting
	l.poison.begin(l.blocks.Flight(0), l.address())
	switch {
	case refusal != nil:
		l.blocks.Tried(l.blocks.Flight(0).Len(), false, true)
		p.refused(refusal.Error())
	case p.isWhole():
		p.refused("it costs the connection")
	}
	for again := true; again; again = p.lonely() && l.join() {
		if err := l.sendParts(); err != nil {
			return err
		}
	}
	if !p.taken {
		words := l.lastWords(refusal)
		l.poison.forgive() // another address, or this one later, begins with all of it
		return &Refusal{Permanent: true, Err: errors.New("it refuses every point, each by itself: the backend is at fault, not the points; " + words)}
	}
	return l.bury()
}

// lastWords returns what the backend said last, for the operator.
func (l *lane) lastWords(refusal error) string {
	for _, part := range l.poison.parting.parts {
		if part.reason != "" {
			return "it says: " + part.reason
		}
	}
	if refusal != nil {
		return "it says: " + refusal.Error()
	}
	return "it closes the connection"
}

// sendParts sends what is left of the parts, until an error that says nothing of the
// points.
func (l *lane) sendParts() error {
	p := &l.poison.parting
	for b := p.next(); b != nil; b = p.next() {
		err := l.call(b)
		switch {
		case err == nil:
			p.took()
			l.pause.Reset()
		case l.refusesForGood(err):
			p.refused(err.Error())
		default:
			return err
		}
	}
	return nil
}

// call sends one part and waits for the answer.
func (l *lane) call(b *queue.Block) error {
	// Parts share series, and graph may apply two calls in a row in any order.
	time.Sleep(l.blocks.Settle())
	again := l.poison.parting.sent()
	err := l.conn.Send(b)
	if err == nil {
		_, err = l.conn.Confirm()
	}
	l.now = l.shared.now()
	l.blocks.Tried(b.Len(), again, l.refusesForGood(err)) // all else counts when the Block is returned
	return err
}

// join takes the lane's next Block into flight to be judged with the single point
// that was refused.
func (l *lane) join() bool {
	for {
		b, wait := l.blocks.Take(l.now, 0)
		switch {
		case b != nil:
			l.poison.parting.add(b)
			return true
		case wait != queue.OnShelf || l.load() > 0:
			return false
		}
	}
}
