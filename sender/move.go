package sender

import (
	"context"
	"slices"
	"time"

	"transfer/sender/queue"
)

const (
	// moveWindow is how many bytes a lane may have put onward that are not safe there yet.
	moveWindow = 4 << 20
	// roomPause is how often a lane looks whether there is room where its points go.
	roomPause = 5 * time.Millisecond
	// moveStop is how long a stop waits for what was put onward to be safe there.
	moveStop = 2 * time.Second
	// returnWithin is how long a target that is configured again waits for that.
	returnWithin = 10 * time.Second
)

// flight are the Blocks of a lane that were put onward and are not safe there yet, the
// oldest first: those that are in flight for the queue.
type flight []onTheWay

// onTheWay is one of them.
type onTheWay struct {
	spots     []queue.Spot
	lost      int  // items for which there is no place
	inherited bool // they are arrived when they are delivered: their stream outlives this relay, its disk may not
}

func (o *onTheWay) hasArrived() bool {
	for len(o.spots) > 0 {
		if spot := &o.spots[0]; o.inherited && !spot.IsGone() || !spot.IsSafe() {
			return false
		}
		o.spots = o.spots[1:]
	}
	return true
}

// isSafe reports whether another process will find them where they were put.
func (o *onTheWay) isSafe() bool {
	return !slices.ContainsFunc(o.spots, func(spot queue.Spot) bool { return !spot.IsSafe() })
}

// areSafe reports whether all of them are.
func (f flight) areSafe() bool {
	return !slices.ContainsFunc(f, func(on onTheWay) bool { return !on.isSafe() })
}

// move puts the lane's Blocks to where their series belong now, at the pace of a
// recovery, until nothing is left and the lane passes on what comes, until the target has
// another role, or a stop begins. What is not safe there stays in flight here: it will be
// moved again by another process.
func (l *lane) move(ctx context.Context, drain <-chan struct{}) {
	defer l.reading.close()
	defer l.caughtUp()
	if l.blocks.IsBehind(l.now) {
		l.fallBehind()
	}
	var moved flight
	var turned time.Time
	for ctx.Err() == nil && !isClosed(drain) && !l.blocks.Moved() {
		wait := confirmPause
		if l.isTurned() {
			if turned.IsZero() {
				turned = l.now
			}
			if len(moved) == 0 || l.now.Sub(turned) > returnWithin {
				return
			}
		} else if wait = l.forward(ctx, drain, &moved); l.blocks.Moved() {
			break
		}
		if len(moved) > 0 {
			wait = min(wait, confirmPause)
		}
		l.sleep(ctx, drain, l.blocks.Wake(), wait)
		l.arrived(&moved)
	}
	// A stop: what is on its way goes to the spools, or it would be moved twice.
	for end := l.now.Add(moveStop); !moved.areSafe() && ctx.Err() == nil && l.now.Before(end); {
		for _, on := range moved {
			for _, spot := range on.spots {
				spot.Ask()
			}
		}
		l.sleep(ctx, drain, nil, confirmPause)
		l.arrived(&moved)
	}
	l.arrived(&moved) // what became safe since the last look
}

// forward puts onward what may go, and returns how long nothing more may.
func (l *lane) forward(ctx context.Context, drain <-chan struct{}, moved *flight) time.Duration {
	window := l.moveWindow()
	for len(*moved) == 0 || l.blocks.FlightBytes() < window {
		if !l.mayForward(len(*moved)) {
			return holdPause
		}
		if n := len(*moved); n < l.blocks.InFlight() {
			if !l.putOnward(ctx, drain, n, moved) {
				return confirmPause
			}
			continue
		}
		if wait := l.paced(false); wait > 0 {
			return wait
		}
		b, wait := l.blocks.Take(l.now, 0)
		switch {
		case b != nil:
			if l.behind {
				l.target.recovery.sent(b.Len(), l.now)
			}
		case wait == queue.OnShelf:
			if wait = l.load(); wait > 0 {
				return wait
			}
		case wait == queue.Forever && !l.pass():
			// something has come meanwhile
		default:
			l.reading.close()
			if l.behind && !l.blocks.IsBehind(l.now) {
				l.caughtUp()
			}
			return wait
		}
	}
	return confirmPause
}

// moveWindow returns how many bytes may be on their way.
func (l *lane) moveWindow() int64 {
	window := min(moveWindow, int64(l.role.section.QueueBytes)/int64(2*len(l.target.lanes)))
	if l.blocks.SendsStream() {
		window = min(window, inheritWindow)
	}
	return window
}

// pass makes the lane pass on what comes, if nothing waits, and reports whether it does. A
// target that is configured again keeps what comes.
func (l *lane) pass() bool {
	passes := l.blocks.Pass(l.role.onward.put)
	if passes && l.isTurned() {
		l.blocks.Keep()
	}
	return passes
}

// putOnward puts the i-th oldest Block in flight onward, when there is room for all of it.
// It reports whether it did: it doesn't when a stop or a turn comes first.
func (l *lane) putOnward(ctx context.Context, drain <-chan struct{}, i int, moved *flight) bool {
	b := l.blocks.Flight(i)
	chosen := make([]int32, b.Len())
	for i := range chosen {
		chosen[i] = int32(i)
	}
	parts, lost := l.role.onward.split(b, chosen)
	if ownedBy(l.target, parts) {
		return false // to itself: it is configured again, and sends it from where it is
	}
	for _, p := range parts {
		for !p.lane.HasRoom() {
			if ctx.Err() != nil || isClosed(drain) || l.isTurned() {
				return false
			}
			l.sleep(ctx, drain, nil, roomPause)
		}
	}
	on := onTheWay{lost: lost, inherited: l.inherited.Load() != nil && l.blocks.IsFromStream(i)}
	for _, p := range parts {
		spots, lost := p.lane.PutMoved(b, p.items, l.now)
		on.spots, on.lost = append(on.spots, spots...), on.lost+lost
	}
	*moved = append(*moved, on)
	return true
}

// arrived counts what is safe where it was moved to.
func (l *lane) arrived(moved *flight) {
	n := 0
	for n < len(*moved) && (*moved)[n].hasArrived() {
		l.blocks.Discard((*moved)[n].lost)
		n++
	}
	if n > 0 {
		l.blocks.Delivered(n, 0, l.now)
		*moved = (*moved)[n:]
	}
}
