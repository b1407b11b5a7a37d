package sender

import (
	"errors"
	"time"

	"transfer/sender/queue"
)

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
	l.convene()
	p := &l.poison.parting
	switch {
	case refusal != nil:
		l.blocks.Tried(l.blocks.Flight(0).Len(), false, true)
		p.refused(refusal.Error())
	case p.isWhole():
		p.refused("it costs the connection")
	}
	for again := true; again; again = p.lacksCompany() && l.join() {
		if err := l.sendParts(); err != nil {
			return err
		}
	}
	if !p.taken {
		err := l.nothingTaken(refusal)
		l.poison.adjourn()
		return err
	}
	return l.bury()
}

// convene takes the Blocks of the judgement under way into flight again, all of which
// were given back when a call failed. Where they are not there as they were, or none is
// under way, it begins one with what is in flight.
func (l *lane) convene() {
	p := &l.poison
	p.turnTo(l.blocks.Flight(0))
	same := p.parting.under()
	for i := l.blocks.InFlight(); same && i < len(p.parting.blocks); i++ {
		b := l.more()
		same = b != nil && printOf(b) == p.parting.prints[i]
	}
	if !same {
		p.parting.end()
		p.address = l.address()
	}
	for i := range l.blocks.InFlight() {
		p.parting.seat(i, l.blocks.Flight(i))
	}
	p.parting.overtakes = !p.isPatient()
	if p.address != l.address() {
		p.parting.again()
		p.address = l.address()
	}
}

// nothingTaken is what is wrong with an address that took no part of what was judged.
func (l *lane) nothingTaken(refusal error) error {
	words := l.lastWords(refusal)
	if l.poison.parting.isHeldUp() {
		return &Refusal{Permanent: true, Err: errors.New("it refuses a point by itself, and all that waits is newer and of its series; " + words)}
	}
	return &Refusal{Permanent: true, Err: errors.New("it refuses every point, each by itself: the backend is at fault, not the points; " + words)}
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

// join takes the lane's next Block into the judgement, if there is one.
func (l *lane) join() bool {
	b := l.more()
	if b == nil {
		return false
	}
	l.poison.parting.add(b)
	return true
}

// more takes the lane's next Block into flight, nil if there is none.
func (l *lane) more() *queue.Block {
	for {
		b, wait := l.blocks.Take(l.now, 0)
		switch {
		case b != nil:
			return b
		case wait == queue.OnShelf:
			if l.load() > 0 {
				return nil
			}
		case wait > l.blocks.Settle():
			return nil
		default: // it shares a series with what was answered just now
			time.Sleep(wait)
			l.now = l.shared.now()
		}
	}
}
