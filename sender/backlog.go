package sender

import "time"

// fallBehind notes that the lane has a backlog, which it drains at a bounded rate.
func (l *lane) fallBehind() {
	if !l.behind {
		l.behind = true
		l.target.recovery.begin(l.now)
	}
}

// caughtUp notes that the backlog is gone.
func (l *lane) caughtUp() {
	if l.behind {
		l.behind = false
		l.target.recovery.end()
	}
}

// paced returns how long the lane has to wait for its shelves, or for the sake of a backend
// that has just come back, which a stop does not wait for.
func (l *lane) paced(draining bool) time.Duration {
	if wait := max(l.unseen(draining), l.unheld(draining)); wait > 0 {
		return wait
	}
	if !l.behind || draining {
		return 0
	}
	return l.target.recovery.wait(l.now)
}
