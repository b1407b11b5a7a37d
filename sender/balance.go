package sender

import "context"

// rehop moves the lane to the address that its next call is for. A lane that is sticky
// leaves one that is down, and goes home when it may; its calls wait a moment then. The
// others choose anew for each Block, which gives up the order of a series.
//
// A lane moves only while all that it sent was answered.
func (l *lane) rehop(ctx context.Context, drain <-chan struct{}) {
	s := l.role.hops
	if !s.isGroup() || l.written > 0 || l.poison.parting.under() {
		return
	}
	switch {
	case !s.isSticky():
		l.moveTo(s.pick(l.hop, l.now))
	case s.all[l.hop].isDown():
		l.moveTo(s.escape(l.hop, l.now))
	case l.hop != l.home && !l.failing && !isClosed(drain) && s.goHome(l.hop, l.home, l.now):
		l.moveTo(l.home)
		if hold := s.back.hold - l.now.Sub(l.answered); hold > 0 {
			l.sleep(ctx, drain, nil, hold)
		}
	}
}

// moveTo makes hop the lane's address. Its connection is closed, or kept for the next
// time where lanes come and go all the time.
func (l *lane) moveTo(hop int) {
	if hop == l.hop {
		return
	}
	if l.role.hops.isSticky() {
		l.disconnect()
	} else {
		if l.parked == nil {
			l.parked = make([]link, len(l.role.hops.all))
		}
		l.parked[l.hop] = l.link
		l.link = l.parked[hop]
		l.parked[hop] = link{}
	}
	l.hop = hop
}

// hangUp closes all connections.
func (l *lane) hangUp() {
	l.disconnect()
	for _, parked := range l.parked {
		l.link = parked
		l.disconnect()
	}
	l.parked = nil
}

// enter waits for the lane's turn to dial its address. When that fails others while it
// waits, it goes on to the next: a dial that hangs costs a group's lanes one timeout,
// not one each in turn.
func (l *lane) enter(ctx context.Context) (leave func(), err error) {
	s := l.role.hops
	for range s.all {
		h := s.all[l.hop]
		before := h.failures.Load()
		leave, err = l.shared.gates.pass(ctx, h.address)
		if err != nil || !s.isGroup() || l.poison.parting.under() || h.failures.Load() == before {
			return leave, err
		}
		leave()
		l.moveTo(s.leave(l.hop, l.shared.now()))
		l.disconnect() // one that was kept: the caller dials, and would forget it
	}
	return l.shared.gates.pass(ctx, l.address())
}
